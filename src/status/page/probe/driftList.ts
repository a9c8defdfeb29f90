import type { DriftEvent, Outcome } from '../../../outcomes/outcome.ts';
import { timeAgo } from '../format.ts';
import { type Html, html } from '../html.ts';

const kinds: { readonly [kind in DriftEvent['kind']]: string } = {
  assignedHub: 'Assigned hub',
  deviceId: 'Device ID',
  substatus: 'Substatus',
  connectionProfile: 'Connection profile',
  addressFamily: 'IP version',
  rootFingerprint256: 'Root certificate',
  issuedCertificateIssuer: 'Issuer of operational certificates',
  issuedCertificateRoot: 'Root of operational certificates',
  refusedAt: 'Refused at',
};

/** Changes from one run to the next, newest first. */
export function driftList(drifts: readonly Outcome[], now: string): Html {
  if (drifts.length === 0)
    return html`<p class="note">No changes: hub, device ID, substatus, IP version and root certificate are the same as before.</p>`;
  return html`<ul class="plain">${drifts.map(
    (outcome) =>
      html`<li class="drift"><p>${timeAgo(outcome.startedAt, now)}</p><dl class="facts">${(outcome.events ?? []).map(
        ({ kind, from, to }) =>
          html`<div><dt>${kinds[kind]}</dt><dd><del>${from}</del> <span class="unseen">became</span><span aria-hidden="true">→</span> <ins>${to}</ins></dd></div>`,
      )}</dl></li>`,
  )}</ul>`;
}
