import { createHash } from 'node:crypto';
import type { ProbeState } from '../report/statusReport.ts';
import { formatClock } from './format.ts';
import { type Html, html } from './html.ts';
import { apiLink, type PageContext, pageLink } from './pageContext.ts';
import { statusStyle } from './statusStyle.ts';

/** The parts of a page. */
export interface Page {
  readonly title: string;
  /** Colours the tab's icon. */
  readonly state: ProbeState;
  readonly main: Html;
  /** ISO 8601: the time of the page, which relative times refer to. */
  readonly now: string;
  /** Empty when the configuration is invalid. */
  readonly location: string;
  readonly context: PageContext;
  /** False when the requested item does not exist. Default: true. */
  readonly found?: boolean;
  /** Reload after this many seconds. */
  readonly refreshSeconds?: number;
}

/** A whole document, with the values for its response headers. */
export interface RenderedPage {
  readonly html: string;
  readonly contentSecurityPolicy: string;
  /** With `no-referrer` a browser would send the page's own forms with `Origin: null`. Other sites get no referrer in either case. */
  readonly referrerPolicy: 'no-referrer' | 'same-origin';
  readonly found: boolean;
  readonly refreshSeconds?: number;
}

const styleHash = createHash('sha256').update(statusStyle.toString()).digest('base64');

/**
 * Allows no scripts and no external resources: only the style sheet by its hash and the icon as a data URL. Allows forms only if the reader
 * may run probes.
 */
function contentSecurityPolicyOf({ access }: PageContext): string {
  const formAction = access === 'run' ? "'self'" : "'none'";
  return `default-src 'none'; style-src 'sha256-${styleHash}'; img-src data:; base-uri 'none'; form-action ${formAction}; frame-ancestors 'none'`;
}

export function renderPage(page: Page): RenderedPage {
  const { found = true, refreshSeconds } = page;
  return {
    html: documentOf(page).toString(),
    contentSecurityPolicy: contentSecurityPolicyOf(page.context),
    referrerPolicy: page.context.access === 'run' ? 'same-origin' : 'no-referrer',
    found,
    ...(refreshSeconds !== undefined && { refreshSeconds }),
  };
}

function documentOf({ title, state, main, now, location, context }: Page): Html {
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
<a class="brand" href="${pageLink(context, { tag: undefined, location: undefined })}">DPS Canary</a>
<p>${location !== '' && `Probed from ${location} · `}<time datetime="${now}">${formatClock(now, '')}</time></p>
</header>
<main id="main" tabindex="-1">${main}</main>
<footer class="bottom">
<p>Also available as JSON (<code>Accept: application/json</code>) · <a href="${apiLink('outcomes', context)}">outcomes</a> · <a href="${apiLink('metrics', context)}">metrics</a> · <a href="${apiLink('health', context)}">health</a></p>
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
