import type { Expectation } from '../config/probe.ts';
import { isSameHub } from '../hub/hubName.ts';
import { isCertificateAlert } from '../transport/socketFailure.ts';
import { explain } from './explain.ts';
import { issuingAuthorities, unexpectedDays, unexpectedProfile } from './operationalCertificate.ts';
import type { Outcome, ProbeResult, RunFacts, Verdict } from './outcome.ts';

/** The part of a run that is judged. */
export interface JudgedFacts extends Pick<RunFacts, 'result' | 'durationMs' | 'server' | 'credential'> {
  /** For how long this process itself kept the run waiting. Default 0. */
  readonly blockedMs?: number;
}

/** What a run is compared with. */
export interface EarlierOutcomes {
  readonly previous?: Outcome | undefined;
  /** The newest healthy or degraded one before that, where `previous` is neither. */
  readonly lastUp?: Outcome | undefined;
}

export interface Judgement {
  readonly verdict: Verdict;
  readonly reasons: readonly string[];
}

/** Turns what was seen into a verdict by what was expected. Never green for a reason other than the expected one. */
export function judge(expect: Expectation, seen: JudgedFacts, earlier: EarlierOutcomes = {}): Judgement {
  const { verdict, reasons } = judgeResult(expect, seen.result);
  if (verdict !== 'healthy') return { verdict, reasons };
  const wrong = expect.result === 'assigned' ? wrongAssignment(expect, seen.result) : [];
  if (wrong.length > 0) return { verdict: 'failing', reasons: wrong };
  const weak = [
    ...slowness(expect, seen),
    ...nearExpiry(expect, seen),
    ...unexpectedRoot(expect, seen, earlier),
    ...unexpectedDays(expect, seen.result).map(({ what, next }) => sentence(what, next)),
  ];
  return weak.length > 0 ? { verdict: 'degraded', reasons: weak } : { verdict: 'healthy', reasons: [] };
}

function judgeResult(expect: Expectation, result: ProbeResult): Judgement {
  const { what, next } = explain(result);
  const because = (verdict: Verdict, preface = ''): Judgement => ({
    verdict,
    reasons: [sentence(preface ? `${preface}: ${what}` : what, next)],
  });
  if (result.kind === 'notRun') return because('unknown');
  if (expect.result === 'assigned') return result.kind === 'assigned' ? healthy : because('failing');

  if (result.kind === 'assigned' || result.kind === 'hubRefused' || result.kind === 'certificateNotIssued') {
    return because('failing', `let in, although ${expect.result} was expected`);
  }
  if (!isExpectedRefusal(expect.result, result)) {
    // Not let in, but for another reason than the one this canary is there for: it shows neither that the lock works nor that it does not.
    return because('unknown', `not what this canary is there to see (${expect.result})`);
  }
  const errorCode = 'errorCode' in result ? result.errorCode : undefined;
  if (expect.errorCode !== undefined && errorCode !== expect.errorCode) {
    return because('unknown', `${expect.result} as expected, but not with errorCode ${expect.errorCode}`);
  }
  return healthy;
}

const healthy: Judgement = { verdict: 'healthy', reasons: [] };

/** Refused means: DPS said no to *this credential*. Down, throttled, slow or unreachable is something else. */
function isExpectedRefusal(expected: Exclude<Expectation['result'], 'assigned'>, result: ProbeResult): boolean {
  switch (expected) {
    case 'disabled':
    case 'failed':
      return result.kind === expected;
    case 'refused':
      return refusedAt(result) !== undefined;
  }
}

/** The phase in which DPS refused the credential; undefined where it did not, or did so for another reason. */
export function refusedAt(result: ProbeResult): string | undefined {
  switch (result.kind) {
    case 'rejected':
      return [401, 403, 404].includes(result.status) ? result.phase : undefined;
    case 'connectionRefused':
      // 2: identifier rejected, 4: bad user name or password, 5: not authorized (MQTT 3.1.1 section 3.2.2.3).
      return [2, 4, 5].includes(result.returnCode) ? result.phase : undefined;
    case 'tlsFailed':
      return result.refusedBy === 'server' && isCertificateAlert(result.code) ? result.phase : undefined;
    case 'disabled':
      return result.phase;
    default:
      return undefined;
  }
}

function wrongAssignment(expect: Expectation, result: ProbeResult): string[] {
  if (result.kind !== 'assigned') return [];
  const { assignedHub, deviceId, substatus } = result;
  const hubs = expect.assignedHub;
  return [
    ...(hubs && !hubs.some((hub) => isSameHub(hub, assignedHub))
      ? [sentence(`assigned to ${assignedHub}, expected ${hubs.join(' or ')}`, "check the enrollment's linked hubs")]
      : []),
    ...(expect.deviceId !== undefined && deviceId !== expect.deviceId
      ? [sentence(`assigned as ${deviceId}, expected ${expect.deviceId}`, "check the enrollment's device id")]
      : []),
    ...(expect.substatus !== undefined && substatus !== expect.substatus
      ? [
          sentence(
            `substatus ${substatus ?? 'missing'}, expected ${expect.substatus}`,
            'check the reprovisioning policy',
          ),
        ]
      : []),
    ...unexpectedProfile(expect, result).map(({ what, next }) => sentence(what, next)),
  ];
}

/** What this process itself kept waiting is not the service's slowness; the outcome's `notes` mention it. */
function slowness({ withinSeconds }: Expectation, { durationMs, blockedMs = 0 }: JudgedFacts): string[] {
  if (withinSeconds === undefined || durationMs - blockedMs <= withinSeconds * 1000) return [];
  const took = `took ${(durationMs / 1000).toFixed(1)} s, expected within ${withinSeconds} s`;
  return [sentence(took, 'look at the phases to see where the time went')];
}

const dayMs = 24 * 60 * 60 * 1000;

function nearExpiry({ certificateDaysLeft }: Expectation, seen: JudgedFacts): string[] {
  if (certificateDaysLeft === undefined) return [];
  return expiries(seen).flatMap(({ what, at, next }) => {
    const daysLeft = (Date.parse(at) - Date.now()) / dayMs;
    if (daysLeft >= certificateDaysLeft) return [];
    const left =
      daysLeft < 0 ? `ended on ${at.slice(0, 10)}` : `ends in ${Math.floor(daysLeft)} days, on ${at.slice(0, 10)}`;
    return [sentence(`${what} ${left} (expected at least ${certificateDaysLeft} days)`, next)];
  });
}

/** Everything in a run that expires one day, as ISO 8601. Operational certificates do not count: each run has a new one. */
export function expiries({ server, credential, result }: Pick<JudgedFacts, 'server' | 'credential' | 'result'>) {
  const chain = server?.chain ?? [];
  return [
    ...chain.map(({ subject, notAfter }) => ({
      what: `the server's certificate ${subject}`,
      at: notAfter,
      next: 'it is the service that renews it: make sure that devices trust the next one',
    })),
    ...(credential?.certificateNotAfter
      ? [
          {
            what: 'the device certificate',
            at: credential.certificateNotAfter,
            next: 'renew it in Key Vault and in the enrollment',
          },
        ]
      : []),
    ...(credential?.secretExpiresOn
      ? [{ what: 'the Key Vault secret', at: credential.secretExpiresOn, next: 'put a new version into Key Vault' }]
      : []),
    ...issuingAuthorities(result).map(({ subject, notAfter }) => ({
      what: `the CA ${subject} of operational certificates`,
      at: notAfter,
      next: 'renew it in the device registry namespace: no operational certificate is valid for longer',
    })),
  ];
}

function unexpectedRoot(
  { rootFingerprints }: Expectation,
  { server }: JudgedFacts,
  { previous, lastUp }: EarlierOutcomes,
): string[] {
  const root = server?.rootFingerprint256;
  if (!root) return [];
  const next = 'make sure that every device trusts the new root before the old chain goes';
  const expected = rootFingerprints?.map((fingerprint) => fingerprint.toUpperCase());
  if (expected) {
    return expected.includes(root)
      ? []
      : [sentence(`the server's root is ${root}, expected ${expected.join(' or ')}`, next)];
  }
  // A run that met no server saw no root: the one before the outage is compared then.
  const before = previous?.server?.rootFingerprint256 ?? lastUp?.server?.rootFingerprint256;
  return before && before !== root ? [sentence(`the server's root changed from ${before} to ${root}`, next)] : [];
}

function sentence(what: string, next: string): string {
  return `${what}. Next: ${next}.`;
}
