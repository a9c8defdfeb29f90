import { describe, expect, it } from 'vitest';
import { type Expectation, probeSchema } from '../../src/config/probe.ts';
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

function expectation(expect: Partial<Expectation> = {}): Expectation {
  return probeSchema.parse({
    name: 'p',
    idScope: '0ne00A1B2C3',
    registrationId: 'one',
    attestation: { type: 'symmetricKey', secret: 's' },
    expect,
  }).expect;
}

function seen(result: ProbeResult, more: Partial<JudgedFacts> = {}): JudgedFacts {
  return { result, durationMs: 1000, ...more };
}

const daysFromNow = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString();

describe('judge, where an assignment is expected', () => {
  it('is healthy, and says nothing, when the device was assigned', () => {
    expect(judge(expectation(), seen(assigned))).toEqual({ verdict: 'healthy', reasons: [] });
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
    expect(judge(expectation(), seen(result)).verdict).toBe(verdict);
  });

  it("says where, why, the service's own words, and what to do next", () => {
    const [reason] = judge(expectation(), seen(unauthorized)).reasons;
    expect(reason).toContain('phase register');
    expect(reason).toContain('401000');
    expect(reason).toContain('T-1');
    expect(reason).toContain('Next: compare the key in Key Vault with the enrollment');
  });

  it.each<[string, Partial<Expectation>, string]>([
    [
      'another hub',
      { assignedHub: ['hub-b.azure-devices.net'] },
      'assigned to hub-a.azure-devices.net, expected hub-b',
    ],
    ['another device id', { deviceId: 'two' }, 'assigned as one, expected two'],
    [
      'another substatus',
      { substatus: 'deviceDataMigrated' },
      'substatus initialAssignment, expected deviceDataMigrated',
    ],
  ])('fails on %s', (_case, expect_, reason) => {
    const judged = judge(expectation(expect_), seen(assigned));
    expect(judged.verdict).toBe('failing');
    expect(judged.reasons.join()).toContain(reason);
  });

  it('is degraded when it took longer than expected', () => {
    expect(judge(expectation({ withinSeconds: 0.5 }), seen(assigned))).toMatchObject({ verdict: 'degraded' });
    expect(judge(expectation({ withinSeconds: 1 }), seen(assigned))).toMatchObject({ verdict: 'healthy' });
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
  ])('is degraded when %s is near its end', (_case, more) => {
    expect(judge(expectation({ certificateDaysLeft: 14 }), seen(assigned, more)).verdict).toBe('degraded');
    expect(judge(expectation({ certificateDaysLeft: 2 }), seen(assigned, more)).verdict).toBe('healthy');
    expect(judge(expectation(), seen(assigned, more)).verdict).toBe('healthy');
  });

  it('is degraded, with both fingerprints, when the root is another one than last time or than expected', () => {
    const now = { address: '::1', rootFingerprint256: 'AA' };
    const previous = { server: { address: '::1', rootFingerprint256: 'BB' } } as Outcome;
    const changed = judge(expectation(), seen(assigned, { server: now }), { previous });
    expect(changed.verdict).toBe('degraded');
    expect(changed.reasons.join()).toContain('changed from BB to AA');
    const afterAnOutage = judge(expectation(), seen(assigned, { server: now }), {
      previous: {} as Outcome,
      lastUp: previous,
    });
    expect(afterAnOutage.reasons.join()).toContain('changed from BB to AA');
    const pinned = Array.from({ length: 32 }, () => 'CC').join(':');
    expect(judge(expectation({ rootFingerprints: [pinned] }), seen(assigned, { server: now })).verdict).toBe(
      'degraded',
    );
  });
});

describe('judge, where a refusal is expected', () => {
  const refused = expectation({ result: 'refused' });

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
  ])('is unknown, never green, at %s', (_case, result) => {
    expect(judge(refused, seen(result)).verdict).toBe('unknown');
  });

  it('fails when the device is let in', () => {
    expect(judge(refused, seen(assigned)).verdict).toBe('failing');
  });

  it('is unknown when the refusal has another code than the expected one', () => {
    const expected = expectation({ result: 'refused', errorCode: 401002 });
    expect(judge(expected, seen(unauthorized)).verdict).toBe('unknown');
    expect(judge(expectation({ result: 'refused', errorCode: 401000 }), seen(unauthorized)).verdict).toBe('healthy');
  });

  it('tells disabled and failed from each other', () => {
    const disabled: ProbeResult = { kind: 'disabled', phase: 'assign', operationId: '' };
    expect(judge(expectation({ result: 'disabled' }), seen(disabled)).verdict).toBe('healthy');
    expect(judge(expectation({ result: 'failed' }), seen(disabled)).verdict).toBe('unknown');
    expect(judge(expectation({ result: 'disabled' }), seen(assigned)).verdict).toBe('failing');
  });
});
