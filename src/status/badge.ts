import { makeBadge } from 'badge-maker';
import { formatShare } from './page/formatShare.ts';
import type { PageResponse } from './page/pageResponse.ts';
import { type ProbeState, probeState, stateWords } from './report/probeState.ts';
import type { StatusReport } from './report/statusReport.ts';

/** Dark enough for badge-maker's white text. */
const colors: { readonly [state in ProbeState]: string } = {
  healthy: '#2f7d4f',
  degraded: '#9a6700',
  failing: '#c42b21',
  unknown: '#5f6570',
  missed: '#5f6570',
  none: '#5f6570',
};

/**
 * A minute is how often the timer can change what a badge says. Image proxies (GitHub's among them) keep a badge for as long as
 * this allows.
 */
const badgeHeaders = {
  'Content-Type': 'image/svg+xml; charset=utf-8',
  'Cache-Control': 'max-age=60, must-revalidate',
  'Content-Security-Policy': "default-src 'none'; sandbox",
  'X-Content-Type-Options': 'nosniff',
} as const;

/** `GET /api/badges/{name}.svg`: verdict and 30 day availability, or why there is none; 404 and a badge that says so for an unknown name. */
export function renderBadge(report: StatusReport, name: string): PageResponse {
  const probe = report.probes.find((candidate) => candidate.name === name);
  if (probe === undefined) return badge(404, name, 'no such probe', 'none');
  const state = probeState(report, probe);
  const { availability } = probe.windows['30d'];
  const month = availability === undefined ? '' : ` · ${formatShare(availability)} in 30 d`;
  return badge(200, name, `${stateWords[state].toLowerCase()}${month}`, state);
}

function badge(status: number, label: string, message: string, state: ProbeState): PageResponse {
  return { status, headers: badgeHeaders, body: makeBadge({ label, message, color: colors[state] }) };
}
