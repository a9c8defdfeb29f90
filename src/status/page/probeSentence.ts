import {
  isWronglyAccepted,
  type ProbeReport,
  type ProbeState,
  probeState,
  type StatusReport,
} from '../report/statusReport.ts';
import { formatClock, formatSpan } from './format.ts';
import { type Html, html } from './html.ts';

/**
 * The state of a probe, as the second half of a sentence that begins with its name: `cannot provision: failing since 14:05 UTC (25 min)`.
 */
export function probeSentence(report: StatusReport, probe: ProbeReport): string {
  if (report.storageFault !== undefined) return 'is unknown: the history cannot be read';
  const state = probeState(report, probe);
  const since = state === 'missed' ? (probe.last?.startedAt ?? probe.since) : probe.since;
  return `${predicate(probe, state)}${since === undefined || state === 'healthy' || state === 'none' ? '' : sinceInWords(since, report.generatedAt)}`;
}

/** ` since 14:05 UTC (25 min)` */
export function sinceInWords(iso: string, now: string): string {
  const span = formatSpan(iso, now);
  return ` since ${formatClock(iso, now)}${span === undefined ? '' : ` (${span})`}`;
}

/** True when a failing device was not assigned, as opposed to assigned against expectation. */
export function cannotProvision({ last }: ProbeReport): boolean {
  if (last?.verdict !== 'failing') return false;
  return !['assigned', 'hubRefused', 'certificateNotIssued'].includes(last.result.kind);
}

const shouldBe = { refused: 'be refused', disabled: 'be disabled', failed: 'fail' } as const;

function predicate(probe: ProbeReport, state: ProbeState): string {
  const { expectedResult, last } = probe;
  switch (state) {
    case 'failing':
      if (isWronglyAccepted(probe) && expectedResult !== 'assigned') {
        return `was accepted but should ${shouldBe[expectedResult]},`;
      }
      if (last?.result.kind === 'hubRefused') return 'was assigned, but its hub refuses it: failing';
      if (last?.result.kind === 'certificateNotIssued') return 'got no usable operational certificate: failing';
      return cannotProvision(probe) ? 'cannot provision: failing' : 'was assigned, but not as expected,';
    case 'degraded':
      return 'has been degraded';
    case 'unknown':
      return 'could not be checked';
    case 'missed':
      return 'has not run';
    case 'none':
      return 'has no data yet';
    case 'healthy':
      return last?.result.kind === 'assigned' ? 'can provision' : 'is refused, as expected';
  }
}

/** Why the probe is in its state: the reason of a missed run, or the reasons of the last run. */
export function currentReasons(report: StatusReport, probe: ProbeReport): readonly string[] {
  if (probeState(report, probe) !== 'missed') return probe.last?.reasons ?? [];
  const missed = probe.bars.at(-1)?.reason;
  return missed === undefined ? [] : [missed];
}

/** Separates what happened from what to do next in a reason. */
const nextStep = '. Next: ';

/** Reasons as paragraphs: what happened, and what to do next. */
export function reasonParagraphs(reasons: readonly string[]): readonly Html[] {
  return reasons.map((reason) => {
    const { what, next } = splitReason(reason);
    return html`<p class="what">${what}</p>${next !== undefined && html`<p class="next"><strong>Next step:</strong> ${next}</p>`}`;
  });
}

/** Splits a reason into what happened and what to do next. */
export function splitReason(reason: string): { readonly what: string; readonly next?: string } {
  const at = reason.lastIndexOf(nextStep);
  if (at === -1) return { what: capitalized(reason) };
  return { what: `${capitalized(reason.slice(0, at))}.`, next: capitalized(reason.slice(at + nextStep.length)) };
}

/** A host name at the start stays as it is. */
function capitalized(text: string): string {
  return /^[a-z]+[ ,;]/.test(text) ? text.slice(0, 1).toUpperCase() + text.slice(1) : text;
}
