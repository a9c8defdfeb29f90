import { describe, expect, it } from 'vitest';
import { probeSchema } from '../../src/config/probe.ts';
import type { HubRefused } from '../../src/hub/hubResult.ts';
import { findDrift } from '../../src/outcomes/drift.ts';
import { explain } from '../../src/outcomes/explanations/explain.ts';
import { certificateStateOf } from '../../src/outcomes/operationalCertificate.ts';
import type { ProbeResult } from '../../src/outcomes/outcome.ts';
import { reasonCode } from '../../src/outcomes/reasonCode.ts';
import { judge } from '../../src/outcomes/verdict.ts';
import { buildOutcome, buildRenewed, rootFingerprint } from '../support/buildOutcome.ts';

const probe = probeSchema.parse({
  name: 'p',
  idScope: '0ne00A1B2C3',
  registrationId: 'one',
  attestation: { type: 'x509', certificate: 'c' },
});
const renewed = buildRenewed();
const { renewal: _, ...issued } = renewed;
const { assignedHub, deviceId, operationId } = renewed;
const notIssued = {
  kind: 'certificateNotIssued',
  phase: 'assign',
  cause: 'missing',
  message: 'no certificate chain was sent',
  assignedHub,
  deviceId,
  operationId,
} as const;
const refusedOnboarding = (cause: HubRefused['cause']): HubRefused => ({
  kind: 'hubRefused',
  phase: 'hub',
  assignedHub,
  deviceId,
  verification: 'renew',
  cause,
});
const refused = (
  cause: HubRefused['cause'],
  credential: HubRefused['credential'] = 'issuedCertificate',
): ProbeResult => ({ ...refusedOnboarding(cause), credential });
const notAuthorized = {
  kind: 'connectionRefused',
  phase: 'mqttConnect',
  returnCode: 5,
  message: 'not authorized',
} as const;
const unavailable = { ...notAuthorized, returnCode: 3, message: 'server unavailable' } as const;
const alert = {
  kind: 'tlsFailed',
  phase: 'tls',
  code: 'ERR_SSL_TLSV1_ALERT_UNKNOWN_CA',
  message: '',
  refusedBy: 'server',
} as const;
const rejected = { kind: 'renewalRejected', status: 409, errorCode: 409_004 } as const;
const timedOut = { kind: 'timedOut', phase: 'hub', message: 'the deadline passed' } as const;
const pending = { ...timedOut, correlationId: 'c-1', operationExpires: '2026-01-31T12:52:20.565000000Z' };

describe('the state of an operational certificate', () => {
  it.each<[string, ProbeResult, string, string]>([
    ['no certificate requested', buildOutcome().result, 'none', 'assigned'],
    ['issued', issued, 'issued', 'assigned'],
    ['renewed', renewed, 'renewed', 'assigned'],
    ['not issued', notIssued, 'notIssued', 'certificateNotIssued:missing@assign'],
    [
      'renewed with a wrong chain',
      { ...notIssued, phase: 'hub', cause: 'brokenChain' },
      'notRenewed',
      'certificateNotIssued:brokenChain@hub',
    ],
    ['refused by CONNACK', refused(notAuthorized), 'untrusted', 'hubRefused:connectionRefused:5@hub'],
    ['refused by a TLS alert', refused(alert), 'untrusted', 'hubRefused:tlsFailed:ERR_SSL_TLSV1_ALERT_UNKNOWN_CA@hub'],
    ['a hub that is down', refused(unavailable), 'issued', 'hubRefused:connectionRefused:3@hub'],
    ['renewal rejected', refused(rejected), 'notRenewed', 'hubRefused:renewalRejected:409004@hub'],
    [
      'renewal rejected without a code',
      refused({ kind: 'renewalRejected', status: 500 }),
      'notRenewed',
      'hubRefused:renewalRejected:500@hub',
    ],
    ['renewal that stays pending', refused(pending), 'notRenewed', 'hubRefused:timedOut@hub'],
    ['a hub that is silent', refused(timedOut), 'issued', 'hubRefused:timedOut@hub'],
    [
      'the onboarding credential refused',
      refusedOnboarding(notAuthorized),
      'none',
      'hubRefused:connectionRefused:5@hub',
    ],
    ['a registration that failed', { kind: 'disabled', phase: 'register', operationId }, 'none', 'disabled@register'],
  ])('is reported: %s', (_case, result, state, reason) => {
    expect(certificateStateOf(result)).toBe(state);
    expect(reasonCode({ result })).toBe(reason);
  });
});

describe('explanations', () => {
  it.each<[string, ProbeResult, RegExp, RegExp]>([
    ['no chain', notIssued, /but DPS issued no operational certificate/, /^Give the enrollment a credential policy/],
    [
      'no renewed chain',
      { ...notIssued, phase: 'hub' },
      /but the hub hub-a\S+ issued no operational certificate/,
      /open a ticket/i,
    ],
    ["another's key", { ...notIssued, cause: 'notOurKey' }, /cannot use \(notOurKey\)/, /security incident/],
    ['no trust', refused(notAuthorized), /was issued, but the hub \S+ does not trust it/, /credential sync/],
    ['no trust by TLS', refused(alert), /does not trust it: the TLS handshake was refused/, /credential sync/],
    [
      'no trust in the renewed one',
      refused(notAuthorized, 'renewedCertificate'),
      /does not accept the new one/,
      /credential sync/,
    ],
    [
      'a pending renewal',
      refused(pending),
      /correlationId c-1, which expires at 2026-01-31T12:52:20\.565000000Z/,
      /open a ticket/i,
    ],
    ['a hub that is down', refused(unavailable), /CONNACK 3/, /./],
  ])('contain what happened and the next step: %s', (_case, result, what, next) => {
    expect(explain(result, probe).what).toMatch(what);
    expect(explain(result, probe).next).toMatch(next);
  });

  it.each([
    [400, 400_004, /refused the request/],
    [400, 400_006, /as JSON/],
    [400, 400_037, /did not accept the certificate signing request/],
    [400, 400_040, /did not accept the certificate signing request/],
    [409, 409_004, /another renewal of this device is active/],
    [409, 409_005, /another renewal of this device is active/],
    [412, 412_001, /is not pending/],
    [429, 429_002, /throttling/],
    [429, 429_003, /throttling/],
    [500, 500_001, /cannot issue certificates at present/],
    [503, 503_001, /cannot issue certificates at present/],
    [409, 409_999, /another renewal/],
    [418, 418_001, /no document and no public report explains/],
  ])('know the code %i %i of a renewal', (status, errorCode, meaning) => {
    const info = { requestId: 'r-1', correlationId: 'c-1' };
    const { what } = explain(
      refused({ kind: 'renewalRejected', status, errorCode, message: 'as sent', trackingId: 't-1', info }),
      probe,
    );
    expect(what).toMatch(meaning);
    expect(what).toContain(`(errorCode ${errorCode}, "as sent", trackingId t-1, requestId r-1, correlationId c-1)`);
  });
});

describe('the chain of the last run', () => {
  const [leaf, issuer, root] = renewed.issuedCertificate?.chain ?? [];
  const chainOf = (over: { readonly issuer?: string; readonly root?: string }): ProbeResult => {
    if (!leaf || !issuer || !root || !renewed.issuedCertificate) throw new Error('the sample has three certificates');
    const chain = [
      leaf,
      { ...issuer, fingerprint256: over.issuer ?? issuer.fingerprint256 },
      { ...root, fingerprint256: over.root ?? root.fingerprint256 },
    ];
    return { ...renewed, issuedCertificate: { ...renewed.issuedCertificate, chain } };
  };
  const previous = buildOutcome({ result: renewed });
  const changed = rootFingerprint('DD');

  it.each([
    ['issuer', { issuer: changed }, 'issuedCertificateIssuer', 'contoso-policy-01', 'B1'],
    ['root', { root: changed }, 'issuedCertificateRoot', 'contoso-credential', 'C1'],
  ])('is compared: another %s of the same name is an event', (_case, over, kind, name, octet) => {
    expect(findDrift({ result: chainOf(over) }, { previous }, 'x509')).toEqual([
      { kind, from: `${name} ${rootFingerprint(octet)}`, to: `${name} ${changed}` },
    ]);
  });

  it('is also compared if the hub refused the certificate', () => {
    const before = chainOf({ root: changed });
    const { issuedCertificate } = renewed;
    const now = { ...refused(notAuthorized), ...(issuedCertificate && { issuedCertificate }) };
    expect(findDrift({ result: now }, { previous: buildOutcome({ result: before }) }, 'x509')).toMatchObject([
      { kind: 'issuedCertificateRoot' },
    ]);
  });

  it('may be missing: a new certificate in each run is not a drift event', () => {
    expect(findDrift({ result: renewed }, { previous }, 'x509')).toEqual([]);
    expect(findDrift({ result: notIssued }, { previous }, 'x509')).toEqual([]);
  });

  it('shows a hub with another connection profile, regardless of case', () => {
    const withProfile = (connectionProfile: string) => ({ result: { ...renewed, connectionProfile } });
    expect(findDrift(withProfile('mqttV5'), { previous }, 'x509')).toEqual([
      { kind: 'connectionProfile', from: 'classic', to: 'mqttv5' },
    ]);
    expect(findDrift(withProfile('Classic'), { previous }, 'x509')).toEqual([]);
  });
});

describe('a CA of operational certificates', () => {
  it('that expires soon makes a run degraded, and an operational certificate does not', () => {
    const soon = new Date(Date.now() + 10 * 86_400_000).toISOString();
    const { issuedCertificate } = renewed;
    const [leaf, issuer, root] = issuedCertificate?.chain ?? [];
    if (!issuedCertificate || !leaf || !issuer || !root) throw new Error('the sample has three certificates');
    const expecting = { ...probe, expect: { ...probe.expect, certificateDaysLeft: 14 } };
    const judged = (issuerNotAfter: string) =>
      judge(expecting, {
        result: {
          ...issued,
          issuedCertificate: {
            ...issuedCertificate,
            notAfter: soon,
            chain: [{ ...leaf, notAfter: soon }, { ...issuer, notAfter: issuerNotAfter }, root],
          },
        },
        durationMs: 1,
      });
    expect(judged('2099-01-01T00:00:00.000Z')).toEqual({ verdict: 'healthy', reasons: [] });
    expect(judged(soon)).toMatchObject({
      verdict: 'degraded',
      reasons: [expect.stringContaining('The CA contoso-policy-01 of operational certificates')],
    });
  });
});
