import { createHash } from 'node:crypto';
import type { ProbeState } from '../report/probeState.ts';
import { formatClock } from './formatTime.ts';
import { type Html, html } from './html.ts';
import { apiLink, type PageQuery, pageLink } from './pageLink.ts';
import type { PageResponse } from './pageResponse.ts';
import { statusStyle } from './statusStyle.ts';

/** What every page is made of. */
export interface Page {
  readonly title: string;
  /** Colours the tab's icon. */
  readonly state: ProbeState;
  readonly main: Html;
  /** ISO 8601: the moment that the page shows, and that relative times count back from. */
  readonly now: string;
  /** Empty where the configuration that would say it is not valid. */
  readonly location: string;
  readonly query: PageQuery;
  readonly status?: number;
  /** Reload after this many seconds. */
  readonly refreshSeconds?: number;
}

const styleHash = createHash('sha256').update(statusStyle.toString()).digest('base64');

/**
 * No script at all, and nothing from anywhere: the one style sheet by its hash, the icon as a data URL. No referrer, since the
 * address may carry a function key.
 */
const securityHeaders = {
  'Content-Security-Policy': `default-src 'none'; style-src 'sha256-${styleHash}'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
} as const;

export function renderPage(page: Page): PageResponse {
  return {
    status: page.status ?? 200,
    headers: {
      'Content-Type': 'text/html; charset=utf-8',
      'Cache-Control': 'no-store',
      Vary: 'Accept',
      ...securityHeaders,
      ...(page.refreshSeconds === undefined ? {} : { Refresh: String(page.refreshSeconds) }),
    },
    body: documentOf(page).toString(),
  };
}

function documentOf({ title, state, main, now, location, query }: Page): Html {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>${title} · DPS Canary</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="${icon(state)}">
<style>${statusStyle}</style>
</head>
<body>
<a class="skip" href="#main">Skip to content</a>
<header class="top">
<a class="brand" href="${pageLink(query)}">DPS Canary</a>
<p>${location !== '' && `RunFacts from ${location} · `}<time datetime="${now}">${formatClock(now, '')}</time></p>
</header>
<main id="main" tabindex="-1">${main}</main>
<footer class="bottom">
<p>The same as data: this address with <code>Accept: application/json</code>, or <a href="${apiLink('outcomes', query)}">outcomes</a>, <a href="${apiLink('metrics', query)}">metrics</a>, <a href="${apiLink('health', query)}">health</a>.</p>
</footer>
</body>
</html>
`;
}

const iconColors: { readonly [state in ProbeState]: string } = {
  healthy: '#2f8f5b',
  degraded: '#c98a1b',
  failing: '#d0342c',
  unknown: '#7d8494',
  missed: '#7d8494',
  none: '#7d8494',
};

function icon(state: ProbeState): string {
  const bar = (x: number, height: number) =>
    html`<rect x="${x}" y="${29 - height}" width="6" height="${height}" rx="2"/>`;
  const svg = html`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32" fill="${iconColors[state]}">${bar(3, 12)}${bar(13, 18)}${bar(23, 26)}</svg>`;
  return `data:image/svg+xml,${encodeURIComponent(svg.toString())}`;
}
