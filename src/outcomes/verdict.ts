import type { Expectation, Probe } from '../config/probe.ts';
import { isSameHub } from '../hub/hubName.ts';
import { nearExpiries } from './expiries.ts';
import { explain } from './explanations/explain.ts';
import { type ExplainedProbe, reasonOf } from './explanations/explanation.ts';
import { unexpectedDays, unexpectedProfile } from './operationalCertificate.ts';
import type { Outcome, ProbeResult, RunFacts, Verdict } from './outcome.ts';
import { refusedAt } from './refusedAt.ts';

/** The part of a run that is judged. */
export interface JudgedFacts extends Pick<RunFacts, 'result' | 'durationMs' | 'server' | 'credential'> {
  /** How long this process's event loop was blocked during the run. Default 0. */
  readonly blockedMs?: number;
}

/** The fields of a probe that its runs are judged by. */
export type JudgedProbe = ExplainedProbe & Pick<Probe, 'expect'>;

/** The earlier outcomes that a run is compared with. */
export interface EarlierOutcomes {
  readonly previous?: Outcome | undefined;
  /** The newest healthy or degraded outcome, when `previous` is neither. */
  readonly lastUp?: Outcome | undefined;
}

export interface Judgement {
  readonly verdict: Verdict;
  readonly reasons: readonly string[];
}

/** Compares a run's facts with the expectation. A run is healthy only when it ended in the expected way. */
export function judge(probe: JudgedProbe, seen: JudgedFacts, earlier: EarlierOutcomes = {}): Judgement {
  const { expect } = probe;
  const { verdict, reasons } = expect.result === 'assigned' ? judgeAssignment(probe, seen) : judgeRefusal(probe, seen);
  if (verdict !== 'healthy') return { verdict, reasons };
  const weak = [
    ...slowness(expect, seen),
    ...nearExpiries(expect, seen),
    ...unexpectedRoot(expect, seen, earlier),
    ...unexpectedDays(expect, seen.result).map(reasonOf),
  ];
  return weak.length > 0 ? { verdict: 'degraded', reasons: weak } : { verdict: 'healthy', reasons: [] };
}

function judgeAssignment(probe: JudgedProbe, { result }: JudgedFacts): Judgement {
  const wrong = wrongAssignment(probe.expect, result);
  if (result.kind === 'assigned') return { verdict: wrong.length > 0 ? 'failing' : 'healthy', reasons: wrong };
  const verdict = result.kind === 'notRun' ? 'unknown' : 'failing';
  // When the hub refuses the device and is also the wrong hub, report both: the second may cause the first.
  return { verdict, reasons: [reasonOf(explain(result, probe)), ...wrong] };
}

const incident = 'Treat this as a security incident. Check which enrollment accepted the device and who changed it';

const accepted: {
  readonly [expected in Exclude<Expectation['result'], 'assigned'>]: { readonly what: string; readonly next: string };
} = {
  refused: { what: 'The device was accepted but must be refused', next: incident },
  disabled: { what: 'The device was accepted although its enrollment must be disabled', next: incident },
  failed: {
    what: 'The device was accepted although its registration must fail',
    next: 'Check what changed in the custom allocation or in the linked hubs',
  },
};

/** For a probe that must be refused: it is healthy only when DPS refuses it in the expected way. */
function judgeRefusal(probe: JudgedProbe, { result }: JudgedFacts): Judgement {
  const { expect } = probe;
  const { what, ...advice } = explain(result, probe);
  const because = (verdict: Verdict, preface = '', next = advice.next): Judgement => ({
    verdict,
    reasons: [reasonOf({ ...advice, what: preface ? `${preface}. ${what}` : what, next })],
  });
  if (result.kind === 'notRun' || expect.result === 'assigned') return because('unknown');
  if (result.kind === 'assigned' || result.kind === 'hubRefused' || result.kind === 'certificateNotIssued') {
    const { what: finding, next } = accepted[expect.result];
    return { verdict: 'failing', reasons: [reasonOf({ what: `${finding}. ${what}`, next })] };
  }
  if (!isExpectedRefusal(expect.result, result, probe)) {
    // Such a result does not show whether DPS would refuse the device.
    return because('unknown', `Expected ${expect.result}, but the result neither confirms nor disproves it`);
  }
  const { errorCode } = { errorCode: undefined, ...result };
  const expectedCodes = [expect.errorCode ?? []].flat();
  if (expectedCodes.length > 0 && !expectedCodes.some((code) => code === errorCode)) {
    return because(
      'unknown',
      `Ended as expected (${expect.result}), but not with errorCode ${expectedCodes.join(' or ')}`,
    );
  }
  return { verdict: 'healthy', reasons: [] };
}

function isExpectedRefusal(
  expected: Exclude<Expectation['result'], 'assigned'>,
  result: ProbeResult,
  { attestation }: JudgedProbe,
): boolean {
  return expected === 'refused' ? refusedAt(result, attestation.type) !== undefined : result.kind === expected;
}

function wrongAssignment(expect: Expectation, result: ProbeResult): string[] {
  if (!('assignedHub' in result)) return [];
  const { assignedHub, deviceId } = result;
  const substatus = result.kind === 'assigned' ? result.substatus : undefined;
  const wrong: { readonly what: string; readonly next: string }[] = [];
  if (expect.assignedHub && !expect.assignedHub.some((hub) => isSameHub(hub, assignedHub))) {
    const what = `Assigned to ${assignedHub}, expected ${expect.assignedHub.join(' or ')}`;
    wrong.push({ what, next: "Check the enrollment's linked hubs and its allocation policy" });
  }
  if (expect.deviceId !== undefined && deviceId !== expect.deviceId) {
    const what = `Assigned as ${deviceId}, expected ${expect.deviceId}`;
    wrong.push({ what, next: "Check the enrollment's device ID" });
  }
  if (result.kind === 'assigned' && expect.substatus !== undefined && substatus !== expect.substatus) {
    const what = `The substatus is ${substatus ?? 'missing'}, expected ${expect.substatus}`;
    wrong.push({ what, next: "Check the enrollment's reprovisioning policy" });
  }
  return [...wrong, ...unexpectedProfile(expect, result)].map(reasonOf);
}

/** Time that this process was blocked does not count as slowness of the service; the outcome's `notes` mention it. */
function slowness({ withinSeconds }: Expectation, { durationMs, blockedMs = 0 }: JudgedFacts): string[] {
  if (withinSeconds === undefined || durationMs - blockedMs <= withinSeconds * 1000) return [];
  const what = `The run took ${(durationMs / 1000).toFixed(1)} s, expected within ${withinSeconds} s`;
  return [reasonOf({ what, next: 'Compare the durations of the phases with those of an earlier run' })];
}

function unexpectedRoot(
  { rootFingerprints }: Expectation,
  { server }: JudgedFacts,
  { previous, lastUp }: EarlierOutcomes,
): string[] {
  const root = server?.rootFingerprint256;
  if (!root) return [];
  const next = 'Make sure that every device trusts the new root before the old chain is replaced';
  const expected = rootFingerprints?.map((fingerprint) => fingerprint.toUpperCase());
  if (expected) {
    const what = `The server's root is ${root}, expected ${expected.join(' or ')}`;
    return expected.includes(root) ? [] : [reasonOf({ what, next })];
  }
  // If the previous run saw no server, compare with the run before the outage.
  const before = previous?.server?.rootFingerprint256 ?? lastUp?.server?.rootFingerprint256;
  return before && before !== root
    ? [reasonOf({ what: `The server's root changed from ${before} to ${root}`, next })]
    : [];
}
