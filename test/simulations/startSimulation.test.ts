import { describe, expect, it } from 'vitest';
import { groupProbe } from '../support/simulatedFleet.ts';
import type { SimulationStorage } from '../support/simulationStorage.ts';
import { apiOf, useSimulations } from '../support/useSimulations.ts';

const lab = useSimulations();
const none = { mqttsPort: 1 };
const individual = {
  ...groupProbe(1, { name: 'one', attestation: { type: 'symmetricKey', secret: 'one-key' } }),
};

async function newApi(storage = lab.newStorage(), probeRunsPerMinute = 10) {
  return apiOf(await lab.context(storage, none, { probes: [groupProbe(1), individual], probeRunsPerMinute }));
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
      /^expected at most 16.50, .* only with "allowAboveServiceLimits": true\), got 17$/,
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
    ['a field of a probe that a request does not have', { idScope: '0neOTHER' }, 'idScope', /^unknown field/],
    ['a host', { globalDeviceEndpoint: 'evil.example' }, 'globalDeviceEndpoint', /^unknown field/],
    ['one device ID for all', { expect: { deviceId: 'x' } }, 'expect.deviceId', /^unknown field/],
    [
      'values that do not fit together',
      { timeoutSeconds: 5, expect: { withinSeconds: 9 } },
      'expect.withinSeconds',
      /less than timeoutSeconds/,
    ],
    ['another transport', { transport: 'amqp' }, 'transport', 'expected mqtt or mqtt-ws'],
  ])('with %s names the field', async (_, difference, path, message) => {
    const refused = await (await newApi()).post({ probe: 'fleet', devices: 10, ...difference });
    const field = path.split('.');
    expect(refused).toEqual({ kind: 'invalid', errors: [{ field, message: expect.stringMatching(message) }] });
  });

  it.each([
    ['the payload', { payload: Array.from({ length: 1000 }, () => 1e20) }, 'payload'],
    ['the payload', { payload: '\u{1f525}'.repeat(5000) }, 'payload'],
  ])('because %s is too long when it is stored reports the limit', async (_, difference, field) => {
    const refused = await (await newApi()).post({ probe: 'fleet', devices: 10, ...difference });
    const message = expect.stringMatching(/at most 16384 bytes as it is stored, got \d{5}$/);
    expect(refused).toEqual({ kind: 'invalid', errors: [{ field: [field], message }] });
  });

  it('for a probe that is not configured names it', async () => {
    expect(await (await newApi()).post({ probe: 'nobody', devices: 1 })).toEqual({
      kind: 'unknownProbe',
      name: 'nobody',
    });
  });

  it.each(['can', 'CAN', 'can-'])(
    'because its prefix %s could make the registrationId of a configured probe',
    async (prefix) => {
      const configured = groupProbe(1, { name: 'taken', registrationId: `${prefix.toLowerCase()}004711` });
      const context = await lab.context(lab.newStorage(), none, { probes: [groupProbe(1), configured] });
      const refused = await apiOf(context).post({ probe: 'fleet', devices: 1, registrationIdPrefix: prefix });
      expect(refused).toMatchObject({
        kind: 'invalid',
        errors: [{ field: ['registrationIdPrefix'], message: expect.stringContaining('belongs to probe taken') }],
      });
    },
  );

  it('names every error at once', async () => {
    const refused = await (await newApi()).post({ probe: 'fleet', devices: 0, ratePerSecond: 0, transport: 'x' });
    expect(refused).toMatchObject({ kind: 'invalid', errors: [{}, {}, {}] });
  });
});

describe('a request that is accepted', () => {
  it('is a simulation whose devices all wait', async () => {
    const view = await (await newApi()).start({ probe: 'fleet', devices: 10 });
    expect(view).toMatchObject({ state: 'queued', location: 'test', devices: 10, left: 10, done: 0 });
  });

  it('uses the service limit minus the share of the probes by default', async () => {
    const { request } = await (await newApi()).start({ probe: 'fleet', devices: 10 });
    expect(request).toMatchObject({ ratePerSecond: 990 / 60, registrationIdPrefix: 'fleet-sim-' });
  });

  it('exceeds the service limit when allowed', async () => {
    const request = { probe: 'fleet', devices: 10, ratePerSecond: 100, allowAboveServiceLimits: true };
    expect((await (await newApi()).start(request)).request).toMatchObject({ ratePerSecond: 100 });
  });
});

describe('an idempotency key', () => {
  const body = { probe: 'fleet', devices: 10 };
  const key = 'change-4711';

  it('returns the same simulation for a repeated request, also for concurrent ones', async () => {
    const api = await newApi();
    const views = await Promise.all([api.start(body, key), api.start(body, key), api.start(body, key)]);
    const later = await api.start({ devices: 10, probe: 'fleet' }, key);
    expect(new Set([...views, later].map(({ id }) => id)).size).toBe(1);
  });

  it.each([
    ['another budget', async (storage: SimulationStorage) => newApi(storage, 990)],
    [
      'the probe removed',
      async (storage: SimulationStorage) => apiOf(await lab.context(storage, none, { probes: [] })),
    ],
  ])('returns the existing simulation after the configuration has %s', async (_, later) => {
    const storage = lab.newStorage();
    const request = { ...body, ratePerSecond: 16 };
    const before = await (await newApi(storage)).start(request, key);
    expect((await (await later(storage)).start(request, key)).id).toBe(before.id);
  });

  it('does not accept another body', async () => {
    const api = await newApi();
    const { id } = await api.start(body, key);
    expect(await api.post({ ...body, devices: 11 }, key)).toMatchObject({ kind: 'keyInUse', simulation: { id } });
  });

  it('that is different is another simulation', async () => {
    const api = await newApi();
    const [one, other] = [await api.start(body, key), await api.start(body, 'change-4712')];
    expect(one.id).not.toBe(other.id);
  });
});
