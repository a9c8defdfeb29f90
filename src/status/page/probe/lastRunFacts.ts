import type { Outcome } from '../../../outcomes/outcome.ts';
import { reasonCode } from '../../../outcomes/reasonCode.ts';
import { timeAgo } from '../formatTime.ts';
import { type Html, html } from '../html.ts';

/** What a ticket with the service's support asks for, and what tells two runs apart. */
export function lastRunFacts(outcome: Outcome, now: string): Html {
  return html`<dl class="facts">${factsOf(outcome).map(
    ([name, value]) => value !== undefined && html`<div><dt>${name}</dt><dd>${value}</dd></div>`,
  )}<div><dt>Started</dt><dd>${timeAgo(outcome.startedAt, now)}</dd></div></dl>`;
}

function factsOf(outcome: Outcome): readonly (readonly [string, string | undefined])[] {
  const { result, server, polls } = outcome;
  return [
    ['Ended as', reasonCode(outcome)],
    ['Assigned hub', 'assignedHub' in result ? result.assignedHub : undefined],
    ['Device id', 'deviceId' in result ? result.deviceId : undefined],
    ['Substatus', 'substatus' in result ? result.substatus : undefined],
    ['Error code', 'errorCode' in result ? result.errorCode?.toString() : undefined],
    ['Tracking id', 'trackingId' in result ? result.trackingId : undefined],
    ['Service message', 'message' in result ? result.message : undefined],
    ['Operation id', 'operationId' in result && result.operationId !== '' ? result.operationId : undefined],
    ['Status queries', String(polls)],
    ['Server', server && [server.address, server.tlsProtocol].filter(Boolean).join(', ')],
    ['Issuer', server?.issuer],
    ['Run id', outcome.runId],
  ];
}
