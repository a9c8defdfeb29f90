import { describe, expect, it } from 'vitest';
import { groupProbe } from '../support/simulatedFleet.ts';
import { apiOf, useSimulations } from '../support/useSimulations.ts';

const lab = useSimulations();
const nobody = { mqttsPort: 1 };
const individual = {
  ...groupProbe(1, { name: 'one', attestation: { type: 'symmetricKey', secret: 'one-key' } }),
};

async function newApi(storage = lab.newStorage(), probeRunsPerMinute = 10) {
  return apiOf(await lab.context(storage, nobody, { probes: [groupProbe(1), individual], probeRunsPerMinute }));
}

describe('a request that is refused', () => {
  it.each([
    ['no devices', { devices: 0 }, 'devices', 'expected at least 1'],
    ['a negative number of devices', { devices: -1 }, 'devices', 'expected at least 1'],
    ['a thousand million devices', { devices: 1e9 }, 'devices', 'expected at most 100000'],
    ['half a device', { devices: 2.5 }, 'devices', 'expected a whole number, got a fraction'],
    ['devices as text', { devices: '10' }, 'devices', 'expected a number, got a string'],
    ['no number of devices', { devices: undefined }, 'devices', 'required, but missing'],
    ['a rate of 0', { ratePerSecond: 0 }, 'ratePerSecond', 'expected at least 0.1'],
    [
      'a rate above what the service allows',
      { ratePerSecond: 17 },
      'ratePerSecond',
      /^expected at most 16.50, .* only with "allowAboveServiceLimits": true$/,
    ],
    [
      'a prefix that begins with a dash',
      { registrationIdPrefix: '-x' },
      'registrationIdPrefix',
      /letter or digit first/,
    ],
    ['a prefix with a space', { registrationIdPrefix: 'a b' }, 'registrationIdPrefix', /letters, digits/],
    [
      'a prefix that leaves no room for the number',
      { registrationIdPrefix: 'x'.repeat(123) },
      'registrationIdPrefix',
      /at most 122/,
    ],
    ['an individual enrollment', { probe: 'one' }, 'probe', /"enrollment": "group"/],
    ['a field of the probe that is none of a request', { idScope: '0neOTHER' }, 'idScope', /^unknown field/],
    ['a host', { globalDeviceEndpoint: 'evil.example' }, 'globalDeviceEndpoint', /^unknown field/],
    ['one device id for all', { expect: { deviceId: 'x' } }, 'expect.deviceId', /^unknown field/],
    [
      'values that do not fit together',
      { timeoutSeconds: 5, expect: { withinSeconds: 9 } },
      'expect.withinSeconds',
      /less than timeoutSeconds/,
    ],
    ['another transport', { transport: 'amqp' }, 'transport', 'expected mqtt or mqtt-ws'],
  ])('with %s names the field', async (_, difference, path, message) => {
    const { status, headers, body } = await (await newApi()).post({ probe: 'fleet', devices: 10, ...difference });
    expect(status).toBe(400);
    expect(headers.get('content-type')).toBe('application/problem+json');
    expect(body.faults).toEqual([{ path, message: expect.stringMatching(message) }]);
    expect(body.detail).toContain(path);
  });

  it.each([
    ['no JSON', '{', /expected JSON/],
    ['no object', '7', /expected an object/],
    [
      'more than the limit',
      JSON.stringify({ probe: 'fleet', devices: 1, payload: 'x'.repeat(17_000) }),
      /at most 16384 bytes/,
    ],
  ])('because its body is %s says so', async (_, text, message) => {
    const { status, body } = await (await newApi()).post(text);
    expect(status).toBe(400);
    expect(body.detail).toMatch(message);
  });

  it('for a probe that is not configured is 404', async () => {
    const { status, body } = await (await newApi()).post({ probe: 'nobody', devices: 1 });
    expect(status).toBe(404);
    expect(body.faults).toEqual([{ path: 'probe', message: expect.any(String) }]);
  });

  it('names every fault at once', async () => {
    const { body } = await (await newApi()).post({ probe: 'fleet', devices: 0, ratePerSecond: 0, transport: 'x' });
    expect(body.faults).toHaveLength(3);
  });
});

describe('a request that is accepted', () => {
  it('answers 202 with where to look and when', async () => {
    const { status, headers, body } = await (await newApi()).post({ probe: 'fleet', devices: 10 });
    expect(status).toBe(202);
    expect(headers.get('location')).toBe(`/api/simulations/${body.id}`);
    expect(headers.get('retry-after')).toBe('2');
    expect(body).toMatchObject({ state: 'queued', devices: 10, left: 10, done: 0 });
  });

  it('takes what the service limit leaves beside the probes when no rate is asked for', async () => {
    const { body } = await (await newApi()).post({ probe: 'fleet', devices: 10 });
    expect(body.request).toMatchObject({ ratePerSecond: 990 / 60, registrationIdPrefix: 'fleet-sim-' });
  });

  it('goes beyond the service limit when told to', async () => {
    const { status } = await (await newApi()).post({
      probe: 'fleet',
      devices: 10,
      ratePerSecond: 100,
      allowAboveServiceLimits: true,
    });
    expect(status).toBe(202);
  });
});

describe('an Idempotency-Key', () => {
  const body = { probe: 'fleet', devices: 10 };
  const headers = { 'idempotency-key': 'change-4711' };

  it('makes a repeated request the same simulation, also at the same time', async () => {
    const api = await newApi();
    const answers = await Promise.all([api.post(body, headers), api.post(body, headers), api.post(body, headers)]);
    const later = await api.post({ devices: 10, probe: 'fleet' }, headers);
    expect(new Set([...answers, later].map(({ status, body: { id } }) => `${status} ${id}`)).size).toBe(1);
  });

  it('stands for the same simulation when the configuration has changed in between', async () => {
    const storage = lab.newStorage();
    const before = await (await newApi(storage, 10)).post(body, headers);
    const after = await (await newApi(storage, 20)).post(body, headers);
    expect([after.status, after.body.id]).toEqual([202, before.body.id]);
  });

  it('does not take another body', async () => {
    const api = await newApi();
    await api.post(body, headers);
    const { status, body: answer } = await api.post({ ...body, devices: 11 }, headers);
    expect(status).toBe(422);
    expect(answer.detail).toMatch(/another body/);
  });

  it('that is different is another simulation', async () => {
    const api = await newApi();
    const [one, other] = [await api.post(body, headers), await api.post(body, { 'idempotency-key': 'change-4712' })];
    expect(one.body.id).not.toBe(other.body.id);
  });
});

it.each(['get', 'cancel', 'outcomes'] as const)('%s of an unknown simulation is 404', async (operation) => {
  const { status, headers } = await (await newApi())[operation]('0123456789abcdef01234567');
  expect(status).toBe(404);
  expect(headers.get('content-type')).toBe('application/problem+json');
});

it.each([
  ['limit', '0'],
  ['limit', 'many'],
  ['verdict', 'fine'],
  ['cursor', '../x'],
  ['page', '1'],
])('a list of outcomes does not take %s=%s', async (name, value) => {
  const api = await newApi();
  const { id } = await api.start({ probe: 'fleet', devices: 1 });
  const { status, body } = await api.outcomes(id, { [name]: value });
  expect(status).toBe(400);
  expect(body.faults).toEqual([{ path: name, message: expect.any(String) }]);
});
