import { KeyObject, webcrypto } from 'node:crypto';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { formatOutcome } from '../../src/cli/outcomeLine.ts';
import { chainFaultSchema } from '../../src/emulator/credentials/issueChain.ts';
import type { DpsConfigurationInput } from '../../src/emulator/dps/dpsConfiguration.ts';
import type { RunningDps } from '../../src/emulator/dps/startDps.ts';
import { type RunningHub, startHub } from '../../src/emulator/hub/startHub.ts';
import type { SecretResult } from '../../src/keyvault/secretResult.ts';
import { issuedCertificateOf } from '../../src/outcomes/operationalCertificate.ts';
import type { Outcome } from '../../src/outcomes/outcome.ts';
import { logSink } from '../../src/outcomes/recordOutcome.ts';
import { availabilityEnvelope } from '../../src/telemetry/appInsights/availabilityEnvelope.ts';
import { renderProbe } from '../../src/telemetry/prometheus/prometheus.ts';
import { authority, localProbe, registry, run, startLocalDps } from '../support/localProbe.ts';

type Faults = NonNullable<DpsConfigurationInput['faults']>;
type HubFaults = NonNullable<Parameters<typeof startHub>[0]['faults']>;

const fleetKey = Buffer.from('the key of the fleet, which is 32 b').toString('base64');
const policy = 'default';

let hub: RunningHub;
let dps: RunningDps;
let hubName: string;

/** Each fault has its own device, which is named after it. */
const chainFaults: Faults = Object.fromEntries(
  chainFaultSchema.options.map((chain) => [`dps-${chain.toLowerCase()}`, { kind: 'issuedCertificate', chain }]),
);
const rejections = [
  [400, 400004, false],
  [400, 400006, false],
  [400, 400037, true],
  [400, 400040, true],
  [409, 409004, false],
  [409, 409005, true],
  [412, 412001, false],
  [500, 500001, false],
  [503, 503001, true],
  [403, 403999, false],
] as const;
const hubFaults: HubFaults = {
  unsynced: { kind: 'unknownAuthority' },
  ...Object.fromEntries(
    rejections.map(([status, errorCode, after202]) => [
      `code-${errorCode}`,
      {
        kind: 'renewalRefused',
        status,
        errorCode,
        after202,
        message: 'The hub\u0007 says no.',
        info: { credentialMessage: 'x'.repeat(5000), nested: { deep: [1] } },
      },
    ]),
  ),
  closing: { kind: 'close', at: 'connect' },
  throttled: { kind: 'renewalThrottled', errorCode: 429002, retryAfterSeconds: 30 },
  throttledtoo: { kind: 'renewalThrottled', errorCode: 429003, retryAfterSeconds: 1 },
  endless: { kind: 'renewalNeverFinished', expiresInSeconds: 600 },
  foreign: { kind: 'renewalForeignRid', thenRight: false },
  foreignfirst: { kind: 'renewalForeignRid', thenRight: true },
  silent: { kind: 'silent', at: 'renewal' },
  cut: { kind: 'close', at: 'renewal' },
  nosub: { kind: 'subscriptionRefused' },
  ...Object.fromEntries(
    chainFaultSchema.options.map((chain) => [`hub-${chain}`, { kind: 'renewedCertificate', chain }]),
  ),
};

beforeAll(async () => {
  hub = await startHub({ certificate: await authority.issueServer(), registry, faults: hubFaults, strict: true });
  hubName = `localhost:${hub.port}`;
  const fleet = { type: 'symmetricKey' as const, symmetricKey: { primaryKey: fleetKey } };
  const individual = (registrationId: string, over: object) => ({ registrationId, attestation: fleet, ...over });
  const certificates = {
    type: 'x509' as const,
    x509: { signingCertificates: { primary: { certificate: authority.intermediate.cert } } },
  };
  dps = await startLocalDps(
    {},
    {
      strict: true,
      iotHubs: [hubName],
      credentialPolicies: [{ name: policy, validityDays: 30 }],
      individualEnrollments: [
        individual('unpolicied', {}),
        individual('renamed', { deviceId: 'device-7', credentialPolicyName: policy }),
        individual('five', { connectionProfile: 'mqttV5', credentialPolicyName: policy }),
        individual('newer', { connectionProfile: 'MqttV6', credentialPolicyName: policy }),
        individual('unsaid', { connectionProfile: null, credentialPolicyName: policy }),
      ],
      enrollmentGroups: [
        { enrollmentGroupId: 'keys', attestation: fleet, credentialPolicyName: policy },
        { enrollmentGroupId: 'certificates', attestation: certificates, credentialPolicyName: policy },
      ],
      faults: chainFaults,
    },
  );
});
afterAll(async () => {
  await dps.close();
  await hub.close();
});

const vault = async (secret: string): Promise<SecretResult> =>
  secret === 'fleet-ca'
    ? {
        kind: 'found',
        value: `${authority.intermediate.key}\n${authority.intermediate.cert}`,
        contentType: 'application/x-pem-file',
      }
    : { kind: 'found', value: fleetKey };

const onboardings = {
  symmetricKey: { type: 'symmetricKey', secret: 'fleet-key', enrollment: 'group' },
  x509: { type: 'x509', certificate: 'fleet-ca', enrollment: 'group' },
};
const individualKey = { attestation: { type: 'symmetricKey', secret: 'fleet-key' } };

function runFor(registrationId: string, over: Record<string, unknown> = {}): Promise<Outcome> {
  const { expect: expected, ...changes } = over;
  const probe = localProbe(dps, {
    registrationId,
    attestation: onboardings.symmetricKey,
    requestCertificate: true,
    expect: { assignedHub: [hubName], ...(expected as object) },
    ...changes,
  });
  return run(probe, { readSecret: vault });
}

const requestsOf = (clientId: string) => hub.requests.all.filter((request) => request.clientId === clientId);

describe.each(['mqtt', 'mqtt-ws'] as const)('an operational certificate over %s', (transport) => {
  it.each(Object.entries(onboardings))('is issued to a device with a %s, and shown', async (kind, attestation) => {
    const id = `plain-${kind}-${transport}`.toLowerCase();
    const outcome = await runFor(id, { transport, attestation });
    expect(outcome).toMatchObject({
      verdict: 'healthy',
      reasons: [],
      result: {
        kind: 'assigned',
        issuedCertificate: {
          subject: id,
          issuer: 'DPS stand-in policy default',
          chain: [
            { subject: id },
            { issuer: 'DPS stand-in operational root' },
            { subject: 'DPS stand-in operational root' },
          ],
        },
      },
    });
    expect(requestsOf(id)).toEqual([]);
  });

  it.each(
    Object.entries(onboardings).flatMap(([kind, attestation]) =>
      ['connect', 'telemetry', 'twin'].map((verifyHub) => [kind, verifyHub, attestation] as const),
    ),
  )('opens the hub in place of the %s, proven by %s', async (kind, verifyHub, attestation) => {
    const id = `${kind}-${verifyHub}-${transport}`.toLowerCase();
    const outcome = await runFor(id, { transport, attestation, verifyHub });
    expect(outcome).toMatchObject({ verdict: 'healthy', result: { kind: 'assigned' } });
    // The strict hub accepts it only with its chain and with the API version of operational certificates.
    expect(requestsOf(id)[0]).toMatchObject({ kind: 'connect', answer: 0 });
  });

  it.each(Object.entries(onboardings))('is renewed by the hub, onboarded with a %s', async (kind, attestation) => {
    const id = `renew-${kind}-${transport}`.toLowerCase();
    const outcome = await runFor(id, { transport, attestation, verifyHub: 'renew' });
    expect(outcome).toMatchObject({
      verdict: 'healthy',
      result: { kind: 'assigned', renewal: { correlationId: expect.any(String), certificate: { subject: id } } },
    });
    const { result } = outcome;
    if (result.kind !== 'assigned') throw new Error('not assigned');
    expect(result.renewal?.certificate.publicKey).not.toBe(result.issuedCertificate?.publicKey);
    expect(result.renewal?.durationMs).toBeGreaterThan(0);

    const seen = requestsOf(id);
    const kinds = seen.map(({ kind }) => kind);
    expect(kinds.slice(0, 3)).toEqual(['connect', 'subscribe', 'renewal']);
    // The second connection is opened after the end of the first, and only with the new certificate.
    expect(kinds.filter((kind) => kind === 'connect')).toHaveLength(2);
    expect(kinds.indexOf('close')).toBeLessThan(kinds.lastIndexOf('connect'));
    const request = seen.find(({ kind }) => kind === 'renewal');
    const body = JSON.parse(request?.body ?? '{}');
    expect(body).toEqual({ id, csr: expect.any(String), replace: '*' });
    expect(request?.rid).toMatch(/^[A-Za-z0-9](?:[A-Za-z0-9-]{2,34})[A-Za-z0-9]$/);
  });
});

describe('a chain that DPS should not have issued', () => {
  it.each([
    ['missing', 'missing'],
    ['anotherKey', 'notOurKey'],
    ['anotherName', 'wrongName'],
    ['expired', 'notInValidity'],
    ['notYetValid', 'notInValidity'],
    ['broken', 'brokenChain'],
    ['leafOnly', 'brokenChain'],
    ['reversed', 'brokenChain'],
    ['pem', 'malformed'],
    ['garbage', 'malformed'],
  ])('%s: ends as certificateNotIssued with cause %s, without a connection to the hub', async (fault, cause) => {
    const outcome = await runFor(`dps-${fault}`.toLowerCase(), { verifyHub: 'connect' });
    expect(outcome).toMatchObject({
      verdict: 'failing',
      result: { kind: 'certificateNotIssued', phase: 'assign', cause, assignedHub: hubName },
    });
    expect(outcome.reasons).toEqual([expect.stringMatching(/^Assigned to .+, but DPS issued .+\. Next: .+\.$/)]);
    expect(requestsOf(`dps-${fault}`.toLowerCase())).toEqual([]);
  });

  it('is missing if the enrollment has no credential policy', async () => {
    const outcome = await runFor('unpolicied', individualKey);
    expect(outcome.result).toMatchObject({ kind: 'certificateNotIssued', cause: 'missing' });
    expect(outcome.reasons.join()).toContain('Give the enrollment a credential policy');
  });

  it('is never expected: a device that must be refused was accepted', async () => {
    const outcome = await runFor('dps-missing', { expect: { assignedHub: undefined, result: 'refused' } });
    expect(outcome).toMatchObject({ verdict: 'failing', result: { kind: 'certificateNotIssued' } });
  });
});

describe('a hub', () => {
  it('that does not trust the issued certificate is named, with the credential sync', async () => {
    const outcome = await runFor('unsynced', { verifyHub: 'connect' });
    expect(outcome).toMatchObject({
      verdict: 'failing',
      result: { kind: 'hubRefused', credential: 'issuedCertificate', issuedCertificate: { subject: 'unsynced' } },
    });
    expect(outcome.reasons.join()).toMatch(/was issued, but the hub .+ does not trust it.+credential sync/);
  });

  it('that closes the connection may not trust it: the reason names this and the network', async () => {
    const outcome = await runFor('closing', { verifyHub: 'connect' });
    expect(outcome.result).toMatchObject({ kind: 'hubRefused', cause: { kind: 'connectionLost' } });
    expect(outcome.reasons.join()).toMatch(/Usually the network, or a hub that does not trust the issuing CA/);
  });

  it.each(rejections)('that rejects a renewal with %i and code %i is explained', async (status, errorCode) => {
    const outcome = await runFor(`code-${errorCode}`, { verifyHub: 'renew' });
    expect(outcome).toMatchObject({
      verdict: 'failing',
      result: {
        kind: 'hubRefused',
        verification: 'renew',
        cause: { kind: 'renewalRejected', status, errorCode, trackingId: expect.any(String) },
      },
    });
    const [reason = ''] = outcome.reasons;
    expect(reason).toContain(`the certificate was not renewed. The hub responded ${status} to the renewal`);
    expect(reason).toContain(`errorCode ${errorCode}`);
    expect(reason.includes('in none of our tables')).toBe(errorCode === 403_999 && !reason.includes('does not allow'));
    // biome-ignore lint/suspicious/noControlCharactersInRegex: their absence is the point
    expect(JSON.stringify(outcome)).not.toMatch(/\u0007|\\u0007/);
    expect(JSON.stringify(outcome.result).length).toBeLessThan(4000);
  });

  it.each([
    ['throttled', 429_002, 30],
    ['throttledtoo', 429_003, 1],
  ])('that throttles renewals is a finding, not waited for: %s', async (id, errorCode, retryAfterSeconds) => {
    const outcome = await runFor(id, { verifyHub: 'renew' });
    expect(outcome).toMatchObject({
      verdict: 'failing',
      result: { cause: { kind: 'renewalRejected', status: 429, errorCode, retryAfterSeconds } },
    });
    expect(requestsOf(id).filter(({ kind }) => kind === 'renewal')).toHaveLength(1);
  });

  it('that never finishes a renewal is named with its operation', async () => {
    const outcome = await runFor('endless', { verifyHub: 'renew', timeoutSeconds: 1.5 });
    expect(outcome).toMatchObject({
      verdict: 'failing',
      result: {
        kind: 'hubRefused',
        cause: { kind: 'timedOut', correlationId: expect.any(String), operationExpires: expect.stringMatching(/Z$/) },
      },
    });
    expect(outcome.reasons.join()).toMatch(/accepted the renewal and did not finish it.+correlationId/);
  });

  it('that is left with a pending renewal renews at the next run', async () => {
    await runFor('endless', { verifyHub: 'renew', timeoutSeconds: 1.5 });
    const outcome = await runFor('endless', { verifyHub: 'renew', timeoutSeconds: 1.5 });
    expect(outcome.result).toMatchObject({ kind: 'hubRefused', cause: { kind: 'timedOut' } });
  });

  it.each([
    ['foreign', { kind: 'timedOut', phase: 'hub' }],
    ['silent', { kind: 'timedOut', phase: 'hub' }],
    ['cut', { kind: 'connectionLost', phase: 'hub' }],
    ['nosub', { kind: 'subscriptionRefused' }],
  ])('that does not respond to a renewal as it should is reported: %s', async (id, cause) => {
    const outcome = await runFor(id, { verifyHub: 'renew', timeoutSeconds: 1.5 });
    expect(outcome).toMatchObject({ verdict: 'failing', result: { kind: 'hubRefused', cause } });
  });

  it('that responds to a foreign $rid first, and then to ours, has renewed', async () => {
    const outcome = await runFor('foreignfirst', { verifyHub: 'renew' });
    expect(outcome).toMatchObject({ verdict: 'healthy' });
    expect(outcome.notes?.join()).toMatch(/another certificate request of this device/);
  });

  it.each([
    ['missing', 'missing'],
    ['anotherKey', 'notOurKey'],
    ['anotherName', 'wrongName'],
    ['expired', 'notInValidity'],
    ['broken', 'brokenChain'],
    ['reversed', 'brokenChain'],
    ['pem', 'malformed'],
  ])('that renews with a wrong chain ends as certificateNotIssued: %s', async (fault, cause) => {
    const outcome = await runFor(`hub-${fault}`, { verifyHub: 'renew' });
    expect(outcome).toMatchObject({
      verdict: 'failing',
      result: { kind: 'certificateNotIssued', phase: 'hub', cause, issuedCertificate: { subject: expect.any(String) } },
    });
    expect(outcome.reasons.join()).toContain(`the hub ${hubName} issued`);
  });

  it('may know the device under another name than its registrationId', async () => {
    const outcome = await runFor('renamed', { ...individualKey, verifyHub: 'renew' });
    expect(outcome).toMatchObject({
      verdict: 'healthy',
      result: {
        deviceId: 'device-7',
        issuedCertificate: { subject: 'renamed' },
        renewal: { certificate: { subject: 'renamed' } },
      },
    });
  });
});

describe('the connection profile', () => {
  const reported = { ...individualKey, apiVersion: '2026-11-02-preview' };

  it('is shown as sent, and a hub with MQTT 5 is not verified, which the notes report', async () => {
    const outcome = await runFor('five', { ...reported, verifyHub: 'renew', expect: { connectionProfile: 'MQTTV5' } });
    expect(outcome).toMatchObject({ verdict: 'healthy', result: { kind: 'assigned', connectionProfile: 'mqttV5' } });
    expect(outcome.notes).toEqual([
      expect.stringMatching(/^verified up to the assignment: .+ is mqttV5, .+ MQTT 3\.1\.1$/),
    ]);
    expect(requestsOf('five')).toEqual([]);
  });

  it('that is not known is shown, and not guessed at', async () => {
    const outcome = await runFor('newer', { ...reported, verifyHub: 'connect' });
    expect(outcome).toMatchObject({ verdict: 'healthy', result: { connectionProfile: 'MqttV6' } });
    expect(outcome.notes?.join()).toContain('MqttV6');
    expect(requestsOf('newer')).toEqual([]);
  });

  it('that another one was expected of is failing', async () => {
    const outcome = await runFor('five', { ...reported, expect: { connectionProfile: 'classic' } });
    expect(outcome).toMatchObject({
      verdict: 'failing',
      reasons: [expect.stringMatching(/^The connection profile of .+ is mqttV5, expected classic/)],
    });
  });

  it('is classic when DPS reports none, and the hub is verified', async () => {
    const expectation = { connectionProfile: 'classic' };
    const outcome = await runFor('unsaid', { ...reported, verifyHub: 'connect', expect: expectation });
    expect(outcome).toMatchObject({ verdict: 'healthy' });
    expect(outcome.result).not.toHaveProperty('connectionProfile');
    expect(await runFor('unsaid', { ...reported, expect: { connectionProfile: 'mqttV5' } })).toMatchObject({
      verdict: 'failing',
      reasons: [expect.stringMatching(/is classic \(DPS reports none\), expected mqttV5/)],
    });
  });

  it('is not reported by an older API version', async () => {
    expect((await runFor('five', individualKey)).result).not.toHaveProperty('connectionProfile');
  });
});

describe('the days of an issued certificate', () => {
  it.each([
    [{ min: 1, max: 90 }, 'healthy'],
    [{ min: 30, max: 30 }, 'healthy'],
    [{ min: 31 }, 'degraded'],
    [{ max: 29 }, 'degraded'],
  ])('are held against %o: %s', async (issuedCertificateDays, verdict) => {
    const outcome = await runFor('days', { expect: { issuedCertificateDays } });
    expect(outcome.verdict).toBe(verdict);
    if (verdict === 'degraded')
      expect(outcome.reasons.join()).toMatch(/valid for 30\.0 days, expected at (least|most)/);
  });
});

describe('a private key', () => {
  /** Every key pair that is made in a run, the emulator's included. */
  async function keysMadeIn(work: () => Promise<unknown>): Promise<readonly webcrypto.CryptoKeyPair[]> {
    const generated = vi.spyOn(webcrypto.subtle, 'generateKey');
    try {
      await work();
      return (await Promise.all(generated.mock.results.map(({ value }) => value))) as webcrypto.CryptoKeyPair[];
    } finally {
      generated.mockRestore();
    }
  }

  /** A part of the private scalar, alone and within a file of the key, in its possible encodings. */
  function formsOf({ privateKey }: webcrypto.CryptoKeyPair): readonly string[] {
    const key = KeyObject.from(privateKey);
    const scalar = Buffer.from(key.export({ format: 'jwk' }).d ?? '', 'base64url');
    const files = (['pkcs8', 'sec1'] as const).map((type) => key.export({ type, format: 'der' }));
    return [scalar, ...files].flatMap((bytes) => {
      const start = Math.ceil(bytes.indexOf(scalar) / 3) * 3; // where a group of base64 begins
      const part = bytes.subarray(start, start + 24);
      return (['hex', 'base64', 'base64url'] as const).map((encoding) => part.toString(encoding));
    });
  }

  it.each([
    ['a renewal', 'secret-1'],
    ['a renewal that is rejected', 'code-400037'],
    ['a wrong chain of DPS', 'dps-anotherkey'],
    ['a wrong chain of the hub', 'hub-anotherKey'],
    ['a hub without trust', 'unsynced'],
  ])('is in no output: %s', async (_, id) => {
    const lines: string[] = [];
    const keys = await keysMadeIn(async () => {
      const outcome = await runFor(id, { verifyHub: 'renew' });
      lines.push(JSON.stringify(outcome), inspect(outcome, { depth: null }), formatOutcome(outcome, true));
      lines.push(await renderProbe(outcome, { debug: true }));
      lines.push(JSON.stringify(availabilityEnvelope(outcome, { instrumentationKey: 'key', role: 'role' })));
      await logSink((line) => lines.push(line)).write(outcome);
    });
    expect(keys.length).toBeGreaterThanOrEqual(1);
    const seen = [...lines, JSON.stringify(hub.requests.all), JSON.stringify(dps.requests.all)].join('\n');
    const text = seen.replace(/\\n|\s/g, '').toLowerCase(); // PEM has several lines
    expect(text.includes('privatekey')).toBe(false);
    for (const form of keys.flatMap(formsOf)) {
      expect(form.length).toBeGreaterThanOrEqual(32);
      expect(text.includes(form.toLowerCase())).toBe(false);
    }
  });

  it('is made anew for each run', async () => {
    const outcomes = [await runFor('twice'), await runFor('twice')];
    const keys = outcomes.map(({ result }) => issuedCertificateOf(result)?.publicKey);
    expect(keys).not.toContain(undefined);
    expect(new Set(keys).size).toBe(2);
  });
});
