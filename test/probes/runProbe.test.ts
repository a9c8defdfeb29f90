import { afterEach, describe, expect, it } from 'vitest';
import type { DpsConfigurationInput } from '../../src/emulator/dps/dpsConfiguration.ts';
import type { RunningDps } from '../../src/emulator/dps/startDps.ts';
import { reasonCode } from '../../src/outcomes/reasonCode.ts';
import { deviceKey, localProbe, registrationId, run, startLocalDps, vaultOf } from '../support/localProbe.ts';
import { openedSince, settledResources } from '../support/openResources.ts';
import { unusedPort } from '../support/unusedPort.ts';

let dps: RunningDps | undefined;

afterEach(async () => {
  await dps?.close();
  dps = undefined;
});

type Fault = NonNullable<DpsConfigurationInput['faults']>[string];
const transports = ['mqtt', 'mqtt-ws'] as const;

describe.each(transports)('a device over %s', (transport) => {
  it('is assigned, and every phase has its time', async () => {
    dps = await startLocalDps({ deviceId: 'dev-1' });
    const outcome = await run(localProbe(dps, { transport }));
    expect(outcome).toMatchObject({
      probe: 'local',
      registrationId,
      verdict: 'healthy',
      reasons: [],
      polls: 1,
      result: {
        kind: 'assigned',
        assignedHub: 'hub-a.azure-devices.net',
        deviceId: 'dev-1',
        substatus: 'initialAssignment',
      },
      server: { address: '127.0.0.1', tlsProtocol: 'TLSv1.3', issuer: 'DPS Canary local intermediate' },
    });
    const phases = ['keyVault', 'dns', 'tcp', 'tls', ...(transport === 'mqtt-ws' ? ['webSocket'] : [])];
    expect(Object.keys(outcome.phases)).toEqual([...phases, 'mqttConnect', 'subscribe', 'register', 'assign']);
    const sum = Object.values(outcome.phases).reduce((total, time) => total + time, 0);
    expect(Math.abs(sum - outcome.durationMs)).toBeLessThan(50);
    expect(outcome.server?.chain).toHaveLength(3);
  });

  it('leaves no socket, timer or listener behind, after any result', async () => {
    const faults: Fault[] = [
      [],
      'connack',
      { kind: 'silent', at: 'connect' },
      { kind: 'reset', at: 'register' },
      { kind: 'silent', at: 'poll' },
      'garbage',
    ];
    const before = await settledResources();
    for (const fault of faults) {
      const server = await startLocalDps({ fault });
      await run(localProbe(server, { transport, timeoutSeconds: 0.3 }));
      await server.close();
    }
    await expect.poll(() => openedSince(before), { timeout: 10_000 }).toEqual({});
  });

  it('sends the custom allocation payload, and accepts the returned one', async () => {
    dps = await startLocalDps({ allocationPolicy: 'custom' });
    const payload = { model: 'pump', units: [1, 2] };
    const outcome = await run(localProbe(dps, { transport, apiVersion: '2021-06-01', payload }));
    expect(outcome.result).toMatchObject({ kind: 'assigned', payload, payloadBytes: JSON.stringify(payload).length });
  });

  it('has no credential in the outcome', async () => {
    dps = await startLocalDps({ fault: { kind: 'status', status: 500 } });
    const text = JSON.stringify(await run(localProbe(dps, { transport })));
    expect(text).not.toContain(deviceKey);
    expect(text).not.toMatch(/SharedAccessSignature|sig=/);
  });

  it.each<[string, Fault, object]>([
    ['CONNACK 1', { kind: 'connack', returnCode: 1 }, { kind: 'connectionRefused', returnCode: 1 }],
    ['CONNACK 2', { kind: 'connack', returnCode: 2 }, { kind: 'connectionRefused', returnCode: 2 }],
    ['CONNACK 3', { kind: 'connack', returnCode: 3 }, { kind: 'connectionRefused', returnCode: 3 }],
    ['CONNACK 4', { kind: 'connack', returnCode: 4 }, { kind: 'connectionRefused', returnCode: 4 }],
    ['CONNACK 5', { kind: 'connack', returnCode: 5 }, { kind: 'connectionRefused', returnCode: 5 }],
    ['SUBACK 0x80', 'subscriptionRefused', { kind: 'subscriptionRefused', returnCode: 128 }],
    ['silence at CONNECT', { kind: 'silent', at: 'connect' }, { kind: 'timedOut', phase: 'mqttConnect' }],
    ['silence at SUBSCRIBE', { kind: 'silent', at: 'subscribe' }, { kind: 'timedOut', phase: 'subscribe' }],
    ['silence at the registration', { kind: 'silent', at: 'register' }, { kind: 'timedOut', phase: 'register' }],
    ['silence at the poll', { kind: 'silent', at: 'poll' }, { kind: 'timedOut', phase: 'assign' }],
    ['a close at CONNECT', { kind: 'close', at: 'connect' }, { kind: 'connectionLost', phase: 'mqttConnect' }],
    ['a reset at SUBSCRIBE', { kind: 'reset', at: 'subscribe' }, { kind: 'connectionLost', phase: 'subscribe' }],
    ['a reset at the registration', { kind: 'reset', at: 'register' }, { kind: 'connectionLost', phase: 'register' }],
    ['a close at the poll', { kind: 'close', at: 'poll' }, { kind: 'connectionLost', phase: 'assign' }],
    ['bytes that are not MQTT', { kind: 'garbage', at: 'register' }, { kind: 'malformedResponse', phase: 'register' }],
    ['401 at the registration', { kind: 'status', status: 401 }, { kind: 'rejected', phase: 'register', status: 401 }],
    ['404 at the registration', { kind: 'status', status: 404 }, { kind: 'rejected', phase: 'register', status: 404 }],
    ['409 at the registration', { kind: 'status', status: 409 }, { kind: 'rejected', phase: 'register', status: 409 }],
    ['412 at the registration', { kind: 'status', status: 412 }, { kind: 'rejected', phase: 'register', status: 412 }],
    ['500 at the registration', { kind: 'status', status: 500 }, { kind: 'rejected', phase: 'register', status: 500 }],
    [
      '503 at the poll',
      { kind: 'status', status: 503, at: 'poll' },
      { kind: 'rejected', phase: 'assign', status: 503 },
    ],
    [
      '401 at the poll',
      { kind: 'status', status: 401, at: 'poll' },
      { kind: 'rejected', phase: 'assign', status: 401 },
    ],
    [
      'an error body that is not JSON',
      { kind: 'status', status: 502, body: 'text' },
      { kind: 'rejected', phase: 'register', status: 502 },
    ],
    ['429 for ever', 'throttled', { kind: 'throttled', phase: 'register', status: 429 }],
    [
      '429 for ever at the poll',
      { kind: 'throttled', at: 'poll' },
      { kind: 'throttled', phase: 'assign', status: 429 },
    ],
    ['a failed allocation', 'failed', { kind: 'failed', phase: 'assign', errorCode: 400207 }],
    ['a disabled enrollment', { kind: 'disabled', at: 'poll' }, { kind: 'disabled', phase: 'assign' }],
    ['a registration that never ends', 'neverAssigned', { kind: 'timedOut', phase: 'assign' }],
    ['an unknown status word', 'unknownStatus', { kind: 'malformedResponse', phase: 'assign' }],
    ['an assignment to nowhere', 'missingField', { kind: 'malformedResponse', phase: 'assign' }],
    ['a body that is not JSON', 'badBody', { kind: 'malformedResponse', phase: 'register' }],
    ['only responses to a foreign $rid', 'foreignRid', { kind: 'timedOut', phase: 'register' }],
    ['a topic that is not a response', 'wrongTopic', { kind: 'timedOut', phase: 'register' }],
  ])('reports %s as it is', async (_case, fault, result) => {
    dps = await startLocalDps({ fault });
    const outcome = await run(localProbe(dps, { transport, timeoutSeconds: 1 }));
    expect(outcome.result).toMatchObject(result);
    expect(outcome.verdict).toBe('failing');
    expect(outcome.reasons.join()).toMatch(/Next: /);
    expect(outcome.transcript?.length).toBeGreaterThan(0);
  });

  it.each<[string, Fault]>([
    ['in the first response', 'assignedAtRegister'],
    ['after a throttled registration', { kind: 'throttled', times: 1, retryAfter: 0 }],
    ['after a throttled poll', { kind: 'throttled', at: 'poll', times: 1, retryAfter: 0 }],
    ['after a response to a foreign $rid', { kind: 'foreignRid', thenRight: true }],
    ['although responses arrive twice', 'duplicate'],
    ['although an old response arrives late', 'lateAnswer'],
    ['with the parameters in another order', 'parameterOrder'],
    ['without a PUBACK for what it published', 'noPuback'],
    ['in pieces of a few bytes', 'fragmented'],
    ['slowly', { kind: 'slow', delayMs: 50 }],
  ])('is assigned %s', async (_case, fault) => {
    dps = await startLocalDps({ fault });
    expect(await run(localProbe(dps, { transport }))).toMatchObject({ verdict: 'healthy' });
  });
});

describe('retry-after', () => {
  it('is waited for, and not a moment less', async () => {
    dps = await startLocalDps({}, { retryAfterSeconds: 1, assigningPolls: 1 });
    const outcome = await run(localProbe(dps));
    expect(outcome.polls).toBe(2);
    // Two waits of one second, without the response times of the service.
    expect(outcome.waitedMs).toBeGreaterThanOrEqual(1990);
    expect(outcome.waitedMs).toBeLessThanOrEqual(outcome.phases.assign ?? 0);
    const times = dps.requests.of(registrationId).filter(({ kind }) => kind === 'register' || kind === 'poll');
    const gaps = times.slice(1).map(({ atMs }, index) => atMs - (times[index]?.atMs ?? 0));
    for (const gap of gaps) expect(gap).toBeGreaterThanOrEqual(990);
  });

  it('beyond the deadline ends the run at once', async () => {
    dps = await startLocalDps({}, { retryAfterSeconds: 3600 });
    const outcome = await run(localProbe(dps, { timeoutSeconds: 20 }));
    expect(outcome.result).toMatchObject({ kind: 'timedOut', phase: 'assign', retryAfterSeconds: 3600 });
    expect(outcome.durationMs).toBeLessThan(5000);
  });

  it.each([null, '-3', 'soon'])("of %j counts as the SDKs' two seconds, and the transcript notes it", async (value) => {
    dps = await startLocalDps({ fault: { kind: 'retryAfter', value } });
    const outcome = await run(localProbe(dps, { timeoutSeconds: 1 }));
    expect(outcome.result).toMatchObject({ kind: 'timedOut', retryAfterSeconds: 2 });
    expect(outcome.transcript?.some(({ what }) => what === 'retry-after')).toBe(true);
  });
});

describe('the network before MQTT', () => {
  it.each<[string, DpsConfigurationInput['listenerFault'], object]>([
    ['silence after TCP', 'silentAfterAccept', { kind: 'timedOut', phase: 'tls' }],
    ['a close after TCP', 'closeAfterAccept', { kind: 'connectionLost', phase: 'tls' }],
    ['a reset after TCP', 'resetAfterAccept', { kind: 'connectionLost', code: 'ECONNRESET' }],
    ['something that is not TLS', 'plaintextAfterAccept', { kind: 'tlsFailed', refusedBy: 'client' }],
    ['an expired certificate', 'expiredCertificate', { kind: 'tlsFailed', code: 'CERT_HAS_EXPIRED' }],
    [
      'a certificate for another name',
      'wrongNameCertificate',
      { kind: 'tlsFailed', code: 'ERR_TLS_CERT_ALTNAME_INVALID' },
    ],
    ['a self-signed certificate', 'selfSignedCertificate', { kind: 'tlsFailed', code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }],
  ])('is reported: %s', async (_case, listenerFault, result) => {
    dps = await startLocalDps({}, { listenerFault });
    const outcome = await run(localProbe(dps, { timeoutSeconds: 1 }));
    expect(outcome.result).toMatchObject(result);
  });

  it.each(['expiredCertificate', 'wrongNameCertificate', 'selfSignedCertificate'] as const)(
    'shows the chain of a server with %s',
    async (listenerFault) => {
      dps = await startLocalDps({}, { listenerFault });
      const outcome = await run(localProbe(dps, { timeoutSeconds: 1 }));
      expect(outcome.server?.certificateNotAfter).toMatch(/^\d{4}-/);
      expect(outcome.server?.rootFingerprint256).toMatch(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/);
    },
  );

  it('names a host that does not resolve', async () => {
    dps = await startLocalDps();
    const outcome = await run(
      localProbe(dps, { globalDeviceEndpoint: 'no-such-host.invalid:8883', timeoutSeconds: 8 }),
    );
    expect(outcome.result).toMatchObject({ kind: 'unreachable', phase: 'dns' });
  });

  it('reports a port without a listener', async () => {
    dps = await startLocalDps();
    const probe = localProbe(dps, { globalDeviceEndpoint: `localhost:${await unusedPort()}` });
    expect((await run(probe)).result).toMatchObject({ kind: 'unreachable', phase: 'tcp', code: 'ECONNREFUSED' });
  });

  it.each<[string, DpsConfigurationInput['listenerFault'], object]>([
    ['a proxy that responds 403', { kind: 'upgradeStatus', status: 403 }, { status: 403 }],
    ['a proxy that responds 200', { kind: 'upgradeStatus', status: 200 }, { status: 200 }],
    ['no subprotocol', 'noSubprotocol', {}],
    ['another subprotocol', 'wrongSubprotocol', {}],
  ])('breaks the WebSocket upgrade: %s', async (_case, listenerFault, more) => {
    dps = await startLocalDps({}, { listenerFault });
    const outcome = await run(localProbe(dps, { transport: 'mqtt-ws' }));
    expect(outcome.result).toMatchObject({ kind: 'webSocketRefused', phase: 'webSocket', ...more });
  });
});

describe('what is on our side', () => {
  it.each([
    ['a secret that is not there', {}, 'notFound'],
    ['a secret that is not a key', { 'device-key': 'not base64!' }, 'invalidCredential'],
  ])('returns unknown, not failing: %s', async (_case, secrets, cause) => {
    dps = await startLocalDps();
    const outcome = await run(localProbe(dps), { readSecret: vaultOf(secrets) });
    expect(outcome).toMatchObject({ verdict: 'unknown', result: { kind: 'notRun', cause } });
  });

  it('ends a run that is cancelled, and reports it', async () => {
    dps = await startLocalDps({ fault: 'silent' });
    const cancel = new AbortController();
    const running = run(localProbe(dps, { timeoutSeconds: 60 }), { signal: cancel.signal });
    await dps.requests.seen({ kind: 'register' });
    cancel.abort();
    const outcome = await running;
    expect(outcome).toMatchObject({ verdict: 'unknown', result: { kind: 'notRun', cause: 'cancelled' } });
    expect(reasonCode(outcome)).toBe('notRun:cancelled@register');
  });

  it('names no phase of a run that was cancelled before it entered one (fault 33)', async () => {
    dps = await startLocalDps();
    const outcome = await run(localProbe(dps), { signal: AbortSignal.abort() });
    expect(outcome).toMatchObject({ verdict: 'unknown', durationMs: 0, phases: {} });
    expect(reasonCode(outcome)).toBe('notRun:cancelled');
    expect(dps.requests.all).toEqual([]);
  });
});

describe('refusal canaries', () => {
  const expect_ = { result: 'refused' };

  it.each(['register', 'connect'] as const)('see a wrong key refused at %s', async (refuseAt) => {
    dps = await startLocalDps({}, { refuseAt });
    const wrong = { 'device-key': Buffer.from('another key').toString('base64') };
    const outcome = await run(localProbe(dps, { expect: expect_ }), { readSecret: vaultOf(wrong) });
    expect(outcome).toMatchObject({ verdict: 'healthy', reasons: [] });
    expect(outcome.result.kind).toBe(refuseAt === 'register' ? 'rejected' : 'connectionRefused');
  });

  it.each<[string, Record<string, unknown>]>([
    ['an expired token', { attestation: { type: 'symmetricKey', secret: 'device-key', tokenLifetimeSeconds: -60 } }],
    ['an unknown registrationId', { registrationId: 'nobody' }],
    ['a wrong scope', { idScope: '0neOTHER' }],
  ])('see %s refused', async (_case, over) => {
    dps = await startLocalDps();
    expect(await run(localProbe(dps, { expect: expect_, ...over }))).toMatchObject({ verdict: 'healthy' });
  });

  it('see a disabled enrollment refused', async () => {
    dps = await startLocalDps({ provisioningStatus: 'disabled' });
    expect(await run(localProbe(dps, { expect: expect_ }))).toMatchObject({ verdict: 'healthy' });
  });

  it('fail when the device is accepted', async () => {
    dps = await startLocalDps();
    expect(await run(localProbe(dps, { expect: expect_ }))).toMatchObject({ verdict: 'failing' });
  });
});
