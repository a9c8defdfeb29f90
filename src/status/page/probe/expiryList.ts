import type { Outcome } from '../../../outcomes/outcome.ts';
import { daysLeft } from '../daysLeft.ts';
import { formatDay } from '../format.ts';
import { type Html, html } from '../html.ts';

interface Expiry {
  readonly what: string;
  readonly at: string;
}

/** Everything with an expiry date in the last run: device certificate, secret, and the server's chain. Sorted by date. */
export function expiryList(outcome: Outcome, now: string): Html {
  const expiries = expiriesOf(outcome).toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at));
  if (expiries.length === 0)
    return html`<p class="note">Nothing that the last run used has an expiry date: it received no server certificate, and its secret has none.</p>`;
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
