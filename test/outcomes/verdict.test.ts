import { describe, expect, it } from 'vitest';
import { type Expectation, type Probe, probeSchema } from '../../src/config/probe.ts';
import type { Outcome, ProbeResult } from '../../src/outcomes/outcome.ts';
import { type JudgedFacts, judge } from '../../src/outcomes/verdict.ts';

const assigned: ProbeResult = {
  kind: 'assigned',
  operationId: '4.x',
  assignedHub: 'hub-a.azure-devices.net',
  deviceId: 'one',
  substatus: 'initialAssignment',
};
const unauthorized: ProbeResult = {
  kind: 'rejected',
  phase: 'register',
  status: 401,
  errorCode: 401000,
  trackingId: 'T-1',
};
const timedOut: ProbeResult = { kind: 'timedOut', phase: 'tcp', message: 'the deadline passed' };

function expecting(expect: Partial<Expectation> = {}, over: Partial<Probe> = {}): Probe {
  return probeSchema.parse({
    name: 'p',
    idScope: '0ne00A1B2C3',
    registrationId: 'one',
    attestation: { type: 'symmetricKey', secret: 's' },
    expect,
    ...over,
  });
}

const x509 = { attestation: { type: 'x509', certificate: 'c', enrollment: 'individual' } } as const;

function seen(result: ProbeResult, more: Partial<JudgedFacts> = {}): JudgedFacts {
  return { result, durationMs: 1000, ...more };
}

const daysFromNow = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString();

describe('judge, if an assignment is expected', () => {
  it('is healthy, without reasons, when the device was assigned', () => {
    expect(judge(expecting(), seen(assigned))).toEqual({ verdict: 'healthy', reasons: [] });
  });

  it.each<[string, ProbeResult, string]>([
    ['an answer of the service', unauthorized, 'failing'],
    ['a timeout', timedOut, 'failing'],
    ['a disabled enrollment', { kind: 'disabled', phase: 'assign', operationId: '' }, 'failing'],
    [
      'a vault that could not be read',
      { kind: 'notRun', phase: 'keyVault', cause: 'unreachable', message: 'x' },
      'unknown',
    ],
  ])('judges %s as it should', (_case, result, verdict) => {
    expect(judge(expecting(), seen(result)).verdict).toBe(verdict);
  });

  it("has the place, the cause, the service's message, and what to do next", () => {
    const [reason] = judge(expecting(), seen(unauthorized)).reasons;
    expect(reason).toContain('phase register');
    expect(reason).toContain('401000');
    expect(reason).toContain('T-1');
    expect(reason).toContain('Next: Compare the key with');
  });

  it.each<[string, Partial<Expectation>, string]>([
    [
      'another hub',
      { assignedHub: ['hub-b.azure-devices.net'] },
      'Assigned to hub-a.azure-devices.net, expected hub-b',
    ],
    ['another device ID', { deviceId: 'two' }, 'Assigned as one, expected two'],
    [
      'another substatus',
      { substatus: 'deviceDataMigrated' },
      'The substatus is initialAssignment, expected deviceDataMigrated',
    ],
  ])('fails on %s', (_case, expect_, reason) => {
    const judged = judge(expecting(expect_), seen(assigned));
    expect(judged.verdict).toBe('failing');
    expect(judged.reasons.join()).toContain(reason);
  });

  it('reports both errors if the device is assigned to a wrong hub and that hub refuses it', () => {
    const { verdict, reasons } = judge(
      expecting({ assignedHub: ['hub-b.azure-devices.net'], deviceId: 'two' }),
      seen({
        kind: 'hubRefused',
        phase: 'hub',
        assignedHub: 'hub-a.azure-devices.net',
        deviceId: 'one',
        verification: 'connect',
        cause: { kind: 'unreachable', phase: 'dns', code: 'ENOTFOUND', message: 'x' },
      }),
    );
    expect(verdict).toBe('failing');
    expect(reasons[0]).toContain('The name of the hub hub-a.azure-devices.net does not resolve: ENOTFOUND');
    expect(reasons[0]).not.toContain('globalDeviceEndpoint');
    expect(reasons[1]).toContain('Assigned to hub-a.azure-devices.net, expected hub-b.azure-devices.net');
    expect(reasons[2]).toContain('Assigned as one, expected two');
  });

  it('field report 2: accepts a hub under its other name', () => {
    const expected = expecting({ assignedHub: ['hub-a.device.azure-devices.net'] });
    expect(judge(expected, seen(assigned)).verdict).toBe('healthy');
  });

  it('is degraded when it took longer than expected', () => {
    expect(judge(expecting({ withinSeconds: 0.5 }), seen(assigned))).toMatchObject({ verdict: 'degraded' });
    expect(judge(expecting({ withinSeconds: 1 }), seen(assigned))).toMatchObject({ verdict: 'healthy' });
  });

  it.each<[string, Partial<JudgedFacts>]>([
    [
      'a server certificate',
      {
        server: {
          address: '::1',
          chain: [{ subject: 'leaf', issuer: 'i', notAfter: daysFromNow(3), fingerprint256: 'F' }],
        },
      },
    ],
    ['the device certificate', { credential: { certificateNotAfter: daysFromNow(3) } }],
    ['the secret', { credential: { secretExpiresOn: daysFromNow(3) } }],
  ])('is degraded when %s is about to expire', (_case, more) => {
    expect(judge(expecting({ certificateDaysLeft: 14 }), seen(assigned, more)).verdict).toBe('degraded');
    expect(judge(expecting({ certificateDaysLeft: 2 }), seen(assigned, more)).verdict).toBe('healthy');
    expect(judge(expecting(), seen(assigned, more)).verdict).toBe('healthy');
  });

  it('is degraded, with both fingerprints, when the root is another one than last time or than expected', () => {
    const now = { address: '::1', rootFingerprint256: 'AA' };
    const previous = { server: { address: '::1', rootFingerprint256: 'BB' } } as Outcome;
    const changed = judge(expecting(), seen(assigned, { server: now }), { previous });
    expect(changed.verdict).toBe('degraded');
    expect(changed.reasons.join()).toContain('changed from BB to AA');
    const afterAnOutage = judge(expecting(), seen(assigned, { server: now }), {
      previous: {} as Outcome,
      lastUp: previous,
    });
    expect(afterAnOutage.reasons.join()).toContain('changed from BB to AA');
    const pinned = Array.from({ length: 32 }, () => 'CC').join(':');
    expect(judge(expecting({ rootFingerprints: [pinned] }), seen(assigned, { server: now })).verdict).toBe('degraded');
  });
});

describe('judge, if a refusal is expected', () => {
  const refused = expecting({ result: 'refused' });

  it.each<[string, ProbeResult]>([
    ['401 at the register answer', unauthorized],
    ['404 for an unknown registration', { kind: 'rejected', phase: 'register', status: 404 }],
    ['CONNACK 5', { kind: 'connectionRefused', phase: 'mqttConnect', returnCode: 5, message: 'Not authorized' }],
    ['CONNACK 4', { kind: 'connectionRefused', phase: 'mqttConnect', returnCode: 4, message: 'Bad user name' }],
    ['a disabled enrollment', { kind: 'disabled', phase: 'assign', operationId: '' }],
    [
      'an alert against the certificate',
      {
        kind: 'tlsFailed',
        phase: 'tls',
        code: 'ERR_SSL_TLSV1_ALERT_UNKNOWN_CA',
        message: 'unknown ca',
        refusedBy: 'server',
      },
    ],
  ])('is healthy at %s', (_case, result) => {
    expect(judge(refused, seen(result))).toEqual({ verdict: 'healthy', reasons: [] });
  });

  it.each<[string, ProbeResult]>([
    ['a timeout', timedOut],
    ['a name that does not resolve', { kind: 'unreachable', phase: 'dns', code: 'ENOTFOUND', message: 'x' }],
    ['429', { kind: 'throttled', phase: 'register', status: 429 }],
    ['500', { kind: 'rejected', phase: 'register', status: 500 }],
    ['503 at the poll', { kind: 'rejected', phase: 'assign', status: 503 }],
    ['CONNACK 3, server unavailable', { kind: 'connectionRefused', phase: 'mqttConnect', returnCode: 3, message: 'x' }],
    ['a lost connection', { kind: 'connectionLost', phase: 'register', code: 'ECONNRESET', message: 'x' }],
    [
      'a server that we do not trust',
      { kind: 'tlsFailed', phase: 'tls', code: 'CERT_HAS_EXPIRED', message: 'x', refusedBy: 'client' },
    ],
    ['a failed allocation', { kind: 'failed', phase: 'assign', operationId: 'o', errorCode: 400207 }],
    ['an unreadable vault', { kind: 'notRun', phase: 'keyVault', cause: 'forbidden', message: 'x' }],
  ])('is unknown, never healthy, after %s', (_case, result) => {
    expect(judge(refused, seen(result)).verdict).toBe('unknown');
  });

  const hubRefused: ProbeResult = {
    kind: 'hubRefused',
    phase: 'hub',
    assignedHub: 'hub-a.azure-devices.net',
    deviceId: 'one',
    verification: 'connect',
    cause: { kind: 'connectionRefused', phase: 'mqttConnect', returnCode: 5, message: 'Not authorized' },
  };
  const incident =
    'Next: Treat this as a security incident. Check which enrollment accepted the device and who changed it.';

  it.each<[Expectation['result'], ProbeResult, string]>([
    ['refused', assigned, 'The device was accepted but must be refused. Assigned to hub-a'],
    ['refused', hubRefused, 'The device was accepted but must be refused. Assigned to hub-a'],
    ['disabled', assigned, 'The device was accepted although its enrollment must be disabled. Assigned to hub-a'],
  ])('is a security incident if %s was expected and the device was accepted', (result, found, words) => {
    const { verdict, reasons } = judge(expecting({ result }), seen(found));
    expect(verdict).toBe('failing');
    expect(reasons).toHaveLength(1);
    expect(reasons[0]).toContain(words);
    expect(reasons[0]?.endsWith(incident)).toBe(true);
  });

  it('fails, without an incident, if a failed registration was expected and the device was accepted', () => {
    const { verdict, reasons } = judge(expecting({ result: 'failed' }), seen(assigned));
    expect(verdict).toBe('failing');
    expect(reasons.join()).not.toContain('incident');
  });

  it('field report 11: 403 is not a refusal of the credential, and the reason names network rules', () => {
    const { verdict, reasons } = judge(
      refused,
      seen({ kind: 'rejected', phase: 'register', status: 403, errorCode: 403000 }),
    );
    expect(verdict).toBe('unknown');
    expect(reasons.join()).toMatch(/network rules/);
  });

  it('never calls a 5xx a refusal', () => {
    for (const status of [500, 502, 503]) {
      for (const expected of [expecting(), refused]) {
        const { reasons } = judge(expected, seen({ kind: 'rejected', phase: 'register', status }));
        expect(reasons.join().replace('Expected refused', '')).not.toMatch(/refus/i);
      }
    }
  });

  describe('field report 4: with a certificate', () => {
    const certificateRefused = expecting({ result: 'refused' }, x509);
    const failed = (over: object): ProbeResult => ({
      kind: 'failed',
      phase: 'assign',
      operationId: 'o',
      errorCode: 401002,
      message: 'Invalid certificate',
      ...over,
    });

    it.each<[string, ProbeResult]>([
      ['failed with 401002', failed({})],
      ['401 at register', unauthorized],
      ['CONNACK 5', { kind: 'connectionRefused', phase: 'mqttConnect', returnCode: 5, message: 'Not authorized' }],
      [
        'an alert against the certificate',
        { kind: 'tlsFailed', phase: 'tls', code: 'ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', message: 'x', refusedBy: 'server' },
      ],
    ])('counts %s as the refusal it is', (_case, result) => {
      expect(judge(certificateRefused, seen(result))).toEqual({ verdict: 'healthy', reasons: [] });
    });

    it.each<[string, ProbeResult]>([
      [
        'a connection closed after register',
        { kind: 'connectionLost', phase: 'register', code: 'CLOSED', message: 'x' },
      ],
      ['failed with another code', failed({ errorCode: 400207 })],
      ['a hub that refuses DPS', failed({ message: 'Unauthorized access', isNested: true })],
      ['a hub that refuses DPS, in its own word', failed({ message: 'IotHubUnauthorizedAccess' })],
    ])('does not count %s as one', (_case, result) => {
      expect(judge(certificateRefused, seen(result)).verdict).toBe('unknown');
    });

    it('does not count failed with 401002 as a refusal of a key', () => {
      expect(judge(refused, seen(failed({}))).verdict).toBe('unknown');
    });
  });

  it('is unknown when the refusal has another code than the expected one', () => {
    const expected = expecting({ result: 'refused', errorCode: 401002 });
    expect(judge(expected, seen(unauthorized)).verdict).toBe('unknown');
    expect(judge(expecting({ result: 'refused', errorCode: 401000 }), seen(unauthorized)).verdict).toBe('healthy');
  });

  it('field report 10: is healthy with any code of a list', () => {
    const expected = expecting({ result: 'refused', errorCode: [401000, 401002] });
    expect(judge(expected, seen(unauthorized)).verdict).toBe('healthy');
    const other = judge(expecting({ result: 'refused', errorCode: [401002, 404201] }), seen(unauthorized));
    expect(other.verdict).toBe('unknown');
    expect(other.reasons.join()).toContain('not with errorCode 401002 or 404201');
  });

  it('distinguishes disabled from failed', () => {
    const disabled: ProbeResult = { kind: 'disabled', phase: 'assign', operationId: '' };
    expect(judge(expecting({ result: 'disabled' }), seen(disabled)).verdict).toBe('healthy');
    expect(judge(expecting({ result: 'failed' }), seen(disabled)).verdict).toBe('unknown');
    expect(judge(expecting({ result: 'disabled' }), seen(assigned)).verdict).toBe('failing');
  });
});
