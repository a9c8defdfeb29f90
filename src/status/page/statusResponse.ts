import Negotiator from 'negotiator';
import type { StatusReport } from '../report/statusReport.ts';
import { renderStatusPage, type StatusPageOptions } from './overview/statusPage.ts';
import type { PageQuery } from './pageLink.ts';
import type { PageResponse } from './pageResponse.ts';
import { renderProbePage } from './probe/probePage.ts';

export interface StatusRequest {
  /** The header, if there was one. */
  readonly accept?: string | undefined;
  /** `probe`, `code` and `refresh` count. */
  readonly query: URLSearchParams;
}

export type StatusFormat = 'html' | 'json';

/** `GET /api/status`: the page, or the report itself, of all probes or of `?probe=`. */
export function statusResponse(
  report: StatusReport,
  request: StatusRequest,
  options: Omit<StatusPageOptions, 'query'> = {},
): PageResponse {
  const probe = request.query.get('probe') ?? undefined;
  const query = pageQuery(request.query);
  switch (negotiateStatus(request.accept)) {
    case 'html':
      return probe === undefined
        ? renderStatusPage(report, { ...options, query })
        : renderProbePage(report, probe, query);
    case 'json':
      return jsonResponse(report, probe);
    case undefined:
      return problem(406, 'Not acceptable', 'This address answers with text/html or application/json.');
  }
}

/** Which of the two a reader wants, by the weights of its `Accept` (RFC 9110 section 12.5.1): HTML when it has no preference. */
export function negotiateStatus(accept: string | undefined): StatusFormat | undefined {
  const type = new Negotiator({ headers: { accept } }).mediaType(['text/html', 'application/json']);
  if (type === undefined) return undefined;
  return type === 'text/html' ? 'html' : 'json';
}

function pageQuery(query: URLSearchParams): PageQuery {
  return { code: query.get('code') ?? undefined, refresh: query.get('refresh') === 'off' ? 'off' : undefined };
}

function jsonResponse(report: StatusReport, name: string | undefined): PageResponse {
  if (name === undefined) return json(200, 'application/json', report);
  const probe = report.probes.find((candidate) => candidate.name === name);
  return probe === undefined
    ? problem(404, 'No such probe', `No probe is called "${name}".`)
    : json(200, 'application/json', probe);
}

/** RFC 9457. */
function problem(status: number, title: string, detail: string): PageResponse {
  return json(status, 'application/problem+json', { type: 'about:blank', title, status, detail });
}

function json(status: number, contentType: string, content: unknown): PageResponse {
  return {
    status,
    headers: {
      'Content-Type': contentType,
      'Cache-Control': 'no-store',
      Vary: 'Accept',
      'X-Content-Type-Options': 'nosniff',
    },
    body: JSON.stringify(content),
  };
}
