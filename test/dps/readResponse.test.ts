import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readResponse, readRetryAfter } from '../../src/dps/readResponse.ts';

function read(status: number, body: unknown, phase: 'register' | 'assign' = 'assign') {
  const bytes = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  return readResponse({ status, body: bytes }, phase, 5);
}

const operationId = '4.d0a671905ea5b2c8.42d78160-4c78-479e-8be7-61d5e55dac0d';
const assigned = {
  operationId,
  status: 'assigned',
  registrationState: {
    registrationId: 'one',
    assignedHub: 'hub-a.azure-devices.net',
    deviceId: 'dev-1',
    status: 'assigned',
    substatus: 'initialAssignment',
  },
};

describe('readResponse', () => {
  it('reads an assignment', () => {
    expect(read(200, assigned)).toEqual({
      kind: 'finished',
      result: {
        kind: 'assigned',
        operationId,
        assignedHub: 'hub-a.azure-devices.net',
        deviceId: 'dev-1',
        substatus: 'initialAssignment',
      },
    });
  });

  it('returns the payload, or only its size if it is too large', () => {
    const withPayload = (payload: unknown) =>
      read(200, { ...assigned, registrationState: { ...assigned.registrationState, payload } });
    expect(withPayload({ slot: 7 })).toMatchObject({ result: { payload: { slot: 7 }, payloadBytes: 10 } });
    const large = withPayload({ text: 'x'.repeat(5000) });
    expect(large).toMatchObject({ result: { payloadBytes: 5011 } });
    expect(large).not.toHaveProperty('result.payload');
  });

  it('leaves out a payload that is nested too deep to be written again', () => {
    const payload = `${'['.repeat(50_000)}${']'.repeat(50_000)}`;
    const body = JSON.stringify(assigned).replace('"substatus"', `"payload":${payload},"substatus"`);
    const reading = read(200, body);
    expect(reading).toMatchObject({ result: { kind: 'assigned', deviceId: 'dev-1' } });
    expect(reading).not.toHaveProperty('result.payload');
  });

  it('reads null as left out', () => {
    const nulls = { substatus: null, errorCode: null, errorMessage: null, trackingId: null, payload: null };
    const state = { ...assigned.registrationState, ...nulls };
    const reading = read(200, { ...assigned, registrationState: state });
    expect(reading).toMatchObject({ result: { kind: 'assigned' } });
    expect(reading).not.toHaveProperty('result.substatus');
    const error = { errorCode: 401000, trackingId: null, message: 'Unauthorized', timestampUtc: null };
    expect(read(401, error)).toMatchObject({
      result: { kind: 'rejected', errorCode: 401000, message: 'Unauthorized' },
    });
  });

  it('believes the body, not the 200, about how it finished', () => {
    const state = { errorCode: 400207, errorMessage: 'Custom allocation failed with status code: 400' };
    expect(read(200, { operationId, status: 'failed', registrationState: state })).toMatchObject({
      result: { kind: 'failed', errorCode: 400207, message: 'Custom allocation failed with status code: 400' },
    });
    expect(read(200, { operationId: '', status: 'disabled' })).toMatchObject({ result: { kind: 'disabled' } });
  });

  it.each(['assigning', 'unassigned'])('continues to poll after a 200 with status %s', (status) => {
    expect(read(200, { operationId, status })).toEqual({ kind: 'accepted', operationId });
  });

  it.each([
    ['an unknown status word', 200, { operationId, status: 'pondering' }],
    ['an assignment without a hub', 200, { operationId, status: 'assigned', registrationState: { deviceId: 'd' } }],
    [
      'an assignment without a device ID',
      200,
      { operationId, status: 'assigned', registrationState: { assignedHub: 'h' } },
    ],
    ['a body that is not JSON', 200, '{"operationId":'],
    ['an empty body', 202, ''],
    ['an operationId that no topic can carry', 202, '{"operationId":"\\ud800","status":"assigning"}'],
    ['an operationId that is longer than a topic', 202, { operationId: 'x'.repeat(70_000), status: 'assigning' }],
    ['wrong types', 202, { operationId: 7, status: 'assigning' }],
    ['a 204', 204, assigned],
  ])('calls %s malformed', (_case, status, body) => {
    expect(read(status, body)).toMatchObject({ result: { kind: 'malformedResponse', phase: 'assign' } });
  });

  it('cannot poll without an operationId', () => {
    expect(read(202, { status: 'assigning' }, 'register')).toMatchObject({
      result: { kind: 'malformedResponse', phase: 'register' },
    });
  });

  it('reads an error with all that support asks for', () => {
    const error = {
      errorCode: 401002,
      trackingId: '8ad0463c-6427-4479-9dfa-3e8bb7003e9b',
      message: 'Invalid certificate.',
      timestampUtc: '2020-04-10T05:24:22.4718526Z',
    };
    expect(read(401, error)).toEqual({
      kind: 'finished',
      result: { kind: 'rejected', phase: 'assign', status: 401, ...error },
    });
  });

  it.each([500, 503, 404, 409, 412, 302])('is a finding at status %i even with a body that is not JSON', (status) => {
    expect(read(status, 'Bad gateway\u0007')).toEqual({
      kind: 'finished',
      result: { kind: 'rejected', phase: 'assign', status, message: 'Bad gateway\ufffd' },
    });
  });

  it('asks again after a 429', () => {
    expect(read(429, {})).toEqual({
      kind: 'throttled',
      result: { kind: 'throttled', phase: 'assign', status: 429, retryAfterSeconds: 5 },
    });
  });

  it('survives any response', () => {
    fc.assert(
      fc.property(fc.integer({ min: 100, max: 999 }), fc.oneof(fc.string(), fc.json()), (status, body) => {
        expect(['finished', 'accepted', 'throttled']).toContain(read(status, body).kind);
      }),
    );
  });
});

describe('readRetryAfter', () => {
  it.each([
    ['the time that the service requests', '3', 3, false],
    ['a huge time as it is: the deadline decides', '999999', 999999, false],
    ['a fraction above a second', '1.5', 1.5, true],
    ['no time if zero is requested', '0', 0, false],
    ['no time if less than a second is requested', '0.0001', 0, true],
    ['no time at all just below a second', '0.999', 0, true],
    ["the SDKs' two seconds if it is missing", undefined, 2, true],
    ['two seconds if it is negative', '-5', 2, true],
    ['two seconds if it is not a number', 'soon', 2, true],
    ['two seconds if it is empty', '', 2, true],
    ['two seconds if it is infinite', 'Infinity', 2, true],
    ['two seconds if it is hexadecimal', '0x10', 2, true],
    ['two seconds if it has an exponent', '1e2', 2, true],
    ['a finite time if it has 400 digits', '9'.repeat(400), 2 ** 31 - 1, true],
  ])('waits %s', (_case, sent, seconds, invalid) => {
    expect(readRetryAfter(sent, 1)).toEqual({ seconds, invalid });
  });

  it.each(['0', '0.0001', '0.9'])(
    "stops honouring %s before it would break the service's limit of five polls in ten seconds",
    (sent) => {
      const waits = [1, 2, 3, 4, 5, 6, 7].map((responses) => readRetryAfter(sent, responses).seconds);
      expect(waits).toEqual([0, 0, 0, 0, 0, 2, 2]);
    },
  );

  it('is a finite number of seconds, zero or at least one, for any input', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.double().map(String), fc.bigInt().map(String)),
        fc.nat(),
        (sent, responses) => {
          const { seconds } = readRetryAfter(sent, responses);
          expect(Number.isFinite(seconds) && (seconds === 0 || seconds >= 1)).toBe(true);
        },
      ),
    );
  });
});
