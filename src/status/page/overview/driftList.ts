import type { DriftEvent, Outcome } from '../../../outcomes/outcome.ts';
import { timeAgo } from '../formatTime.ts';
import { type Html, html } from '../html.ts';

const kinds: { readonly [kind in DriftEvent['kind']]: string } = {
  assignedHub: 'Assigned hub',
  deviceId: 'Device id',
  substatus: 'Substatus',
  addressFamily: 'Address family',
  rootFingerprint256: 'Root certificate',
  refusedAt: 'Refused at',
};

/** What changed though nobody had to ask for it: newest first. */
export function driftList(drifts: readonly Outcome[], now: string): Html {
  if (drifts.length === 0)
    return html`<p class="note">None kept: hub, device id, substatus, address family and root are as they were.</p>`;
  return html`<ul class="plain">${drifts.map(
    (outcome) =>
      html`<li class="drift"><p>${timeAgo(outcome.startedAt, now)}</p><dl class="facts">${(outcome.events ?? []).map(
        ({ kind, from, to }) =>
          html`<div><dt>${kinds[kind]}</dt><dd><del>${from}</del> <span class="unseen">became</span><span aria-hidden="true">→</span> <ins>${to}</ins></dd></div>`,
      )}</dl></li>`,
  )}</ul>`;
}
