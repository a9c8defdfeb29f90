import { dayMs } from './format.ts';
import { type Html, html } from './html.ts';

const defaultSoonDays = 30;

/** `Expires in 29 days`, or that it has expired. `soonDays`: fewer are marked. */
export function daysLeft(at: string, now: string, soonDays = defaultSoonDays): Html {
  const days = Math.floor((Date.parse(at) - Date.parse(now)) / dayMs);
  if (Number.isNaN(days)) return html`Unknown`;
  if (days < 0) return html`<strong class="expired">Expired</strong>`;
  const words = days === 0 ? 'Expires within a day' : `Expires in ${days} ${days === 1 ? 'day' : 'days'}`;
  return days < soonDays ? html`<strong class="soon">${words}</strong>` : html`${words}`;
}

/** Of a certificate that is issued for weeks on purpose: it expires soon when less than a third of its validity is left. */
export function issuedDaysLeft(
  { notBefore, notAfter }: { readonly notBefore: string; readonly notAfter: string },
  now: string,
): Html {
  return daysLeft(notAfter, now, (Date.parse(notAfter) - Date.parse(notBefore)) / dayMs / 3);
}
