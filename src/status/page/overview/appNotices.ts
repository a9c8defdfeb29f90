import type { StatusReport, TimerReport } from '../../report/statusReport.ts';
import { formatClock } from '../format.ts';
import { type Html, html } from '../html.ts';
import { sinceInWords } from '../probeSentence.ts';
import { webhookNotice } from './webhookSection.ts';

interface Notice {
  readonly what: string;
  readonly next: string;
}

/** Errors of the timers, the sinks and the webhook of this app, each with the next step. Empty without errors. */
export function appNotices(report: StatusReport): Html | undefined {
  const notices = noticesOf(report);
  const ofWebhook = webhookNotice(report.webhook);
  if (notices.length === 0 && ofWebhook === undefined) return undefined;
  return html`<section class="notices" aria-labelledby="app"><h2 id="app">This app</h2>
<ul class="plain">${notices.map(
    ({ what, next }) =>
      html`<li><p class="what">${what}</p><p class="next"><strong>Next step:</strong> ${next}</p></li>`,
  )}${ofWebhook}</ul></section>`;
}

function noticesOf({ timers, generatedAt, unreadableRows }: StatusReport): readonly Notice[] {
  const ofTimers = timers.flatMap((timer) => [
    ...(timer.state === 'onTime' ? [] : [explainTimer(timer, generatedAt)]),
    ...(timer.sinkErrors ?? []).map((error) => explainSinkError(timer, error)),
  ]);
  return unreadableRows === undefined ? ofTimers : [...ofTimers, explainUnreadableRows(unreadableRows)];
}

function explainUnreadableRows(names: readonly string[]): Notice {
  return {
    what: `This app cannot read some rows of the history and leaves them out: ${names.join('; ')}.`,
    next: 'If a newer version of this app wrote them, deploy that version again. Otherwise delete them, and find the program that writes to these tables.',
  };
}

function explainSinkError({ location }: TimerReport, error: string): Notice {
  return {
    what: `The last scheduled run at ${location}: ${error}.`,
    next: 'Check that service, its setting and the network connection to it. Alerts and dashboards that read from it do not see these outcomes; this page does.',
  };
}

/** True when scheduled runs are missing at this app's own location, so that its probes' states are old or missing. */
export function isSilent({ timers, location }: StatusReport): boolean {
  return timers.some((timer) => timer.timer === 'probes' && timer.location === location && timer.state === 'silent');
}

function explainTimer(timer: TimerReport, now: string): Notice {
  const { location, lastStartedAt, dueAt, state } = timer;
  if (timer.timer === 'maintenance') {
    const since = lastStartedAt === undefined ? '' : sinceInWords(lastStartedAt, now);
    return {
      what:
        state === 'silent'
          ? `The maintenance of the history has not run${since}.`
          : `The maintenance of the history has not finished${since}.`,
      next: 'Check the log of the maintenance function. Probes still run; old rows are not deleted, and long windows become slow to read.',
    };
  }
  if (state === 'unfinished') {
    return {
      what: `A scheduled run at ${location} started and did not end: its process was stopped or crashed.`,
      next: 'Check the log of runProbes for crashes, the memory limit and restarts.',
    };
  }
  const due = dueAt === undefined ? '' : `, although one was due at ${formatClock(dueAt, now)}`;
  return {
    what:
      lastStartedAt === undefined
        ? `No scheduled run has started at ${location}${due}.`
        : `No scheduled run has started at ${location}${sinceInWords(lastStartedAt, now)}${due}.`,
    next: 'Check that the app runs and that the function runProbes is enabled. Restart the app if HTTP works but its timers do not.',
  };
}
