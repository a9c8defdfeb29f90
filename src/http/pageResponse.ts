import type { HttpResponseInit } from '@azure/functions';
import Negotiator from 'negotiator';
import type { RenderedPage } from '../status/page/pageShell.ts';

export type PageFormat = 'html' | 'json';

/**
 * The format that a client's `Accept` asks for (RFC 9110 §12.5.1): `preferred` when it weighs both the same, undefined when it accepts
 * neither.
 */
export function negotiateFormat(accept: string | undefined, preferred: PageFormat = 'html'): PageFormat | undefined {
  const types = ['text/html', 'application/json'];
  const type = new Negotiator({ headers: { accept } }).mediaType(preferred === 'html' ? types : types.toReversed());
  if (type === undefined) return undefined;
  return type === 'text/html' ? 'html' : 'json';
}

/** Default status: 200, or 404 for a page that reports that the probe or run does not exist. */
export function pageResponse(page: RenderedPage, status = page.found ? 200 : 404): HttpResponseInit {
  return {
    status,
    headers: {
      'Content-Type': 'text/html; charset=utf-8',
      'Cache-Control': 'no-store',
      Vary: 'Accept',
      'Content-Security-Policy': page.contentSecurityPolicy,
      'Referrer-Policy': page.referrerPolicy,
      'X-Content-Type-Options': 'nosniff',
      ...(page.refreshSeconds !== undefined && { Refresh: String(page.refreshSeconds) }),
    },
    body: page.html,
  };
}
