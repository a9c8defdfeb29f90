import type { PostedChange, WebhookReport } from '../../report/webhookReport.ts';
import { timeAgo } from '../format.ts';
import { type Html, html } from '../html.ts';
import { reasonParagraphs } from '../probeSentence.ts';

/** Whether changes of state are delivered to the webhook: one line, with the next step if they are not. */
export function webhookSection(webhook: WebhookReport, now: string): Html {
  return html`<section aria-labelledby="webhook"><h2 id="webhook">Webhook</h2>
${linesOf(webhook, now)}</section>`;
}

/** Shown above everything else, because a notification channel that silently fails is worse than none. */
export function webhookNotice({ state }: WebhookReport): Html | undefined {
  if (state !== 'failing') return undefined;
  return html`<li><p class="what">Changes of state do not reach the <a href="#webhook">webhook</a>.</p></li>`;
}

function linesOf(webhook: WebhookReport, now: string): Html {
  if (webhook.state === 'notConfigured') {
    return html`<p class="note">Not configured. <code>${webhook.setting}</code> names the secret that holds the address to post changes of state to.</p>`;
  }
  const name = html`<code>${webhook.setting}</code> (secret ${webhook.secret})`;
  switch (webhook.state) {
    case 'off':
      return html`<p class="what">${name} is off: no storage remembers what was posted.</p>
<p class="next"><strong>Next step:</strong> Set OutcomesStorage or AzureWebJobsStorage.</p>`;
    case 'unknown':
      return html`<p class="note">${name} is configured. Its last delivery cannot be read.</p>`;
    case 'idle':
      return html`<p class="note">${name} is configured. No state has changed, so nothing has been posted.</p>`;
    case 'delivered':
      return html`<p>${name}: last delivery ${change(webhook.lastDelivery, now)}. Delivered.</p>`;
    case 'failing': {
      const { undelivered, lastFailure, lastDelivery } = webhook;
      return html`<p><strong>Not delivered</strong> to ${name}: ${undelivered === 1 ? '1 change' : `${undelivered} changes, the newest`} ${change(lastFailure, now)}.</p>
${reasonParagraphs([`${lastFailure.error}.`])}
<p class="note">${lastDelivery === undefined ? 'Nothing has been delivered so far' : html`Last delivery ${change(lastDelivery, now)}`}.</p>`;
    }
  }
}

function change({ at, probe, location, verdict }: PostedChange, now: string): Html {
  return html`${timeAgo(at, now)}, ${probe} is ${verdict} at ${location}`;
}
