import type { HttpRequest, HttpResponseInit } from '@azure/functions';
import { problem } from './problem.ts';

/**
 * 403 for a request that a browser sent for a page of another site (Fetch Metadata, RFC 6454 §7). Clients other than browsers send neither
 * header and are not affected.
 */
export function refuseForeignSite({
  headers,
  url,
}: Pick<HttpRequest, 'headers' | 'url'>): HttpResponseInit | undefined {
  const site = headers.get('sec-fetch-site');
  const origin = headers.get('origin');
  const isForeignSite = site !== null && site !== 'same-origin' && site !== 'none';
  // Behind a proxy that terminates TLS or changes the host, the request's URL differs from the one in the browser.
  const hosts = [new URL(url).host, headers.get('host'), headers.get('x-forwarded-host')];
  const isForeignOrigin = origin !== null && !hosts.includes(hostOf(origin) ?? '');
  return isForeignSite || isForeignOrigin ? foreignSite : undefined;
}

/** Undefined for `null`, the origin of a page that hides its origin. */
function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}

const foreignSite = problem({
  status: 403,
  title: 'Request from another site',
  detail:
    'A browser may start or cancel something only from the status page of this app. Other clients send neither Origin nor Sec-Fetch-Site.',
});
