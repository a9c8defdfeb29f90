import type { Outcome } from '../../../outcomes/outcome.ts';
import { reasonCode } from '../../../outcomes/reasonCode.ts';
import { timeAgo } from '../format.ts';
import { type Html, html } from '../html.ts';
import { certificateFacts } from './certificateFacts.ts';

/** The facts of a run that a support ticket needs. `now`: ISO 8601. */
export function runFacts(outcome: Outcome, now: string): Html {
  return html`<dl class="facts">${factsOf(outcome).map(
    ([name, value]) => value !== undefined && html`<div><dt>${name}</dt><dd>${value}</dd></div>`,
  )}<div><dt>Started</dt><dd>${timeAgo(outcome.startedAt, now)}</dd></div>${certificateFacts(outcome.result, now)}</dl>`;
}

function factsOf(outcome: Outcome): readonly (readonly [string, Html | string | undefined])[] {
  const { result, server, polls } = outcome;
  return [
    ['Reason code', reasonCode(outcome)],
    ['Assigned hub', 'assignedHub' in result ? result.assignedHub : undefined],
    ['Device ID', 'deviceId' in result ? result.deviceId : undefined],
    ['Substatus', 'substatus' in result ? result.substatus : undefined],
    ['Error code', 'errorCode' in result ? result.errorCode?.toString() : undefined],
    ['Tracking ID', 'trackingId' in result ? copyable(result.trackingId) : undefined],
    ['Service message', 'message' in result ? result.message : undefined],
    ['Operation ID', 'operationId' in result && result.operationId !== '' ? copyable(result.operationId) : undefined],
    ['Status queries', String(polls)],
    ['Server', server && [server.address, server.tlsProtocol].filter(Boolean).join(', ')],
    ['Issuer', server?.issuer],
    ['Registration ID', outcome.registrationId],
    ['Location', outcome.location],
    ['Started by', outcome.trigger],
    ['Run ID', copyable(outcome.runId)],
  ];
}

/** One click selects the text, because the page has no script to copy it. */
function copyable(text: string | undefined): Html | undefined {
  return text === undefined ? undefined : html`<code class="copy" title="Click to select">${text}</code>`;
}
