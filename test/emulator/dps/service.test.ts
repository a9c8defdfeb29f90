import { describe, expect, it } from 'vitest';
import { type DpsConfigurationInput, parseDpsConfiguration } from '../../../src/emulator/dps/dpsConfiguration.ts';
import type { AcceptedDevice } from '../../../src/emulator/dps/enrollments.ts';
import { parseRegistration } from '../../../src/emulator/dps/registration.ts';
import type { ServiceResponse } from '../../../src/emulator/dps/responses.ts';
import { createServiceState, queryStatus, register, type ServiceRules } from '../../../src/emulator/dps/service.ts';

const now = new Date('2026-11-24T01:02:03.456Z');
const rules: ServiceRules = {
  idScope: '0neLOCAL',
  retryAfterSeconds: 3,
  assigningPolls: 0,
  linkedHubs: ['linked.azure-devices.net'],
};
const key = Buffer.from('key').toString('base64');

type Group = NonNullable<DpsConfigurationInput['enrollmentGroups']>[number];

function accepted(registrationId: string, over: Partial<Group> = {}): AcceptedDevice {
  const group = {
    enrollmentGroupId: 'fleet',
    attestation: { type: 'symmetricKey', symmetricKey: { primaryKey: key } },
    ...over,
  };
  const parsed = parseDpsConfiguration({ enrollmentGroups: [group] });
  const enrollment = parsed.ok ? parsed.configuration.enrollmentGroups[0] : undefined;
  if (enrollment === undefined) throw new Error('no such group');
  return {
    kind: 'accepted',
    enrollment,
    enrollmentGroupId: 'fleet',
    deviceId: registrationId,
    credential: { kind: 'symmetricKey', keys: [] },
    certificate: undefined,
  };
}

interface Body {
  readonly operationId: string;
  readonly status: string;
  readonly registrationState?: {
    readonly assignedHub?: string;
    readonly payload?: unknown;
    readonly createdDateTimeUtc?: string;
  };
}

const bodyOf = (response: ServiceResponse) => response.body as Body;

function registerOne(
  state = createServiceState(),
  over: Partial<Group> = {},
  more: { body?: object; apiVersion?: string; id?: string } = {},
) {
  const { apiVersion = '2021-06-01', id = 'one' } = more;
  const body = JSON.stringify({ registrationId: id, ...more.body });
  const registration = parseRegistration(body, { registrationId: id, apiVersion, strict: false });
  return register(state, rules, { registrationId: id, apiVersion, accepted: accepted(id, over), registration, now });
}

function registerToTheEnd(
  state = createServiceState(),
  over: Partial<Group> = {},
  more: Parameters<typeof registerOne>[2] = {},
) {
  const { operationId } = bodyOf(registerOne(state, over, more));
  return queryStatus(state, rules, { registrationId: more.id ?? 'one', operationId, now });
}

describe('the service', () => {
  it('accepts a registration with a retry-after', () => {
    const response = registerOne();
    expect(response).toMatchObject({ status: 202, retryAfter: 3, body: { status: 'assigning' } });
    expect(bodyOf(response).registrationState).toBeUndefined();
  });

  it('assigns at the first status query', () => {
    expect(registerToTheEnd()).toMatchObject({
      status: 200,
      body: {
        status: 'assigned',
        registrationState: {
          registrationId: 'one',
          deviceId: 'one',
          assignedHub: 'linked.azure-devices.net',
          substatus: 'initialAssignment',
          createdDateTimeUtc: '2026-11-24T01:02:03.4560000Z',
        },
      },
    });
  });

  it('responds 202 to the configured number of queries', () => {
    const state = createServiceState();
    const { operationId } = bodyOf(registerOne(state));
    const query = () =>
      queryStatus(state, { ...rules, assigningPolls: 2 }, { registrationId: 'one', operationId, now }).status;
    expect([query(), query(), query(), query()]).toEqual([202, 202, 200, 200]);
  });

  it('does not know the operation of another device', () => {
    const state = createServiceState();
    const { operationId } = bodyOf(registerOne(state));
    expect(queryStatus(state, rules, { registrationId: 'two', operationId, now })).toMatchObject({
      status: 404,
      body: { errorCode: 404000 },
    });
  });

  it('sends a device that registers again to the same hub, created when it was', () => {
    const state = createServiceState();
    const first = bodyOf(registerToTheEnd(state));
    const again = bodyOf(registerToTheEnd(state, { iotHubs: ['elsewhere.azure-devices.net'] }));
    expect(again.operationId).not.toBe(first.operationId);
    expect(again.registrationState?.assignedHub).toBe(first.registrationState?.assignedHub);
    expect(again.registrationState?.createdDateTimeUtc).toBe(first.registrationState?.createdDateTimeUtc);
  });

  it('responds to a disabled enrollment with an empty operationId', () => {
    expect(registerOne(undefined, { provisioningStatus: 'disabled' })).toMatchObject({
      status: 200,
      body: { operationId: '', status: 'disabled', registrationState: { registrationId: 'one', status: 'disabled' } },
    });
  });

  it('hashes devices over the hubs evenly, and each always to the same one', () => {
    const iotHubs = ['a.azure-devices.net', 'b.azure-devices.net', 'c.azure-devices.net'];
    const hubOf = (id: string) =>
      bodyOf(registerToTheEnd(undefined, { iotHubs }, { id })).registrationState?.assignedHub;
    const assigned = Array.from({ length: 300 }, (_, index) => hubOf(`device-${index}`));
    for (const hub of iotHubs) expect(assigned.filter((one) => one === hub).length).toBeGreaterThan(70);
    expect(hubOf('device-7')).toBe(assigned[7]);
  });

  it('uses the first hub with a static policy', () => {
    const over = { iotHubs: ['a.azure-devices.net', 'b.azure-devices.net'], allocationPolicy: 'static' as const };
    const hubs = ['p', 'q', 'r', 's'].map(
      (id) => bodyOf(registerToTheEnd(undefined, over, { id })).registrationState?.assignedHub,
    );
    expect(new Set(hubs)).toEqual(new Set(['a.azure-devices.net']));
  });

  it.each([
    ['the payload of its enrollment', { returnPayload: { colour: 'red' } }, '2021-06-01', { colour: 'red' }],
    ['its own payload, under custom allocation', { allocationPolicy: 'custom' as const }, '2021-10-01', { size: 3 }],
    ['no payload if there is none', {}, '2021-06-01', undefined],
    ['no payload in the document’s own version', { returnPayload: { colour: 'red' } }, '2019-03-31', undefined],
  ])('returns %s', (_, over, apiVersion, payload) => {
    const response = registerToTheEnd(undefined, over, { apiVersion, body: { payload: { size: 3 } } });
    expect(bodyOf(response).registrationState?.payload).toEqual(payload);
  });
});
