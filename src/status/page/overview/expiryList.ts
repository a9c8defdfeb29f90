import type { Outcome } from '../../../outcomes/outcome.ts';
import { formatDay } from '../formatTime.ts';
import { type Html, html } from '../html.ts';

interface Expiry {
  readonly what: string;
  readonly at: string;
}

const dayMs = 86_400_000;
const soonDays = 30;

/** Everything that the last run met and that ends one day: device certificate, secret, and the server's chain. */
export function expiryList(outcome: Outcome, now: string): Html {
  const expiries = expiriesOf(outcome).toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at));
  if (expiries.length === 0)
    return html`<p class="note">The last run met nothing that ends: no server certificate, and a secret without an expiry date.</p>`;
  return html`<dl class="facts">${expiries.map(({ what, at }) => html`<div><dt>${what}</dt><dd>${daysLeft(at, now)} <time datetime="${at}" class="aside">${formatDay(at, now)}</time></dd></div>`)}</dl>`;
}

function expiriesOf({ server, credential }: Outcome): readonly Expiry[] {
  const chain = server?.chain ?? [];
  const certificates = chain.map(({ subject, notAfter }, index) => ({
    what: `${index === 0 ? 'Server certificate' : index === chain.length - 1 ? 'Root' : 'Intermediate'} ${subject}`,
    at: notAfter,
  }));
  return [
    { what: 'Device certificate', at: credential?.certificateNotAfter },
    { what: 'Key Vault secret', at: credential?.secretExpiresOn },
    ...(chain.length > 0 ? certificates : [{ what: 'Server certificate', at: server?.certificateNotAfter }]),
  ].flatMap(({ what, at }) => (at === undefined ? [] : [{ what, at }]));
}

function daysLeft(at: string, now: string): Html {
  const days = Math.floor((Date.parse(at) - Date.parse(now)) / dayMs);
  if (Number.isNaN(days)) return html`unknown`;
  if (days < 0) return html`<strong class="ended">ended</strong>`;
  return days < soonDays ? html`<strong class="soon">${days} days left, soon</strong>` : html`${days} days left`;
}
