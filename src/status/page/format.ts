import { type Html, html } from './html.ts';

/** Keeps a figure and its unit on one line. */
const nbsp = '\u00a0';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
export const dayMs = 24 * hourMs;

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** Formats milliseconds: `1.9 ms`, `412 ms`, `3.41 s`, `2 min 5 s`. */
export function formatDuration(durationMs: number): string {
  if (durationMs < 9.95) return `${durationMs.toFixed(1)}${nbsp}ms`;
  if (durationMs < 999.5) return `${durationMs.toFixed(0)}${nbsp}ms`;
  if (durationMs < 9_995) return `${(durationMs / 1000).toFixed(2)}${nbsp}s`;
  if (durationMs < 119_500) return `${(durationMs / 1000).toFixed(1)}${nbsp}s`;
  const seconds = Math.round(durationMs / 1000);
  return `${Math.floor(seconds / 60)}${nbsp}min ${seconds % 60}${nbsp}s`;
}

/** `14:05 UTC` on the day of `now`, `23 Nov, 14:05 UTC` in its year, else with the year. Text that is not a time is returned unchanged. */
export function formatClock(iso: string, now: string): string {
  const time = new Date(iso);
  if (Number.isNaN(time.getTime())) return iso;
  const clock = `${twoDigits(time.getUTCHours())}:${twoDigits(time.getUTCMinutes())}${nbsp}UTC`;
  return time.toISOString().slice(0, 10) === now.slice(0, 10) ? clock : `${formatDay(iso, now)}, ${clock}`;
}

/** `23 Nov` in the year of `now`, else `23 Nov 2025`. */
export function formatDay(iso: string, now: string): string {
  const time = new Date(iso);
  if (Number.isNaN(time.getTime())) return iso;
  const day = `${time.getUTCDate()}${nbsp}${months[time.getUTCMonth()]}`;
  return String(time.getUTCFullYear()) === now.slice(0, 4) ? day : `${day} ${time.getUTCFullYear()}`;
}

/** The time between two times, in its one or two largest units: `40 s`, `25 min`, `3 h 10 min`, `2 d 4 h`. */
export function formatSpan(from: string, to: string): string | undefined {
  const spanMs = Date.parse(to) - Date.parse(from);
  if (Number.isNaN(spanMs) || spanMs < 0) return undefined;
  if (spanMs < minuteMs) return `${Math.floor(spanMs / 1000)}${nbsp}s`;
  if (spanMs < hourMs) return `${Math.floor(spanMs / minuteMs)}${nbsp}min`;
  if (spanMs < dayMs) return twoUnits(spanMs, hourMs, 'h', minuteMs, 'min');
  return twoUnits(spanMs, dayMs, 'd', hourMs, 'h');
}

/** A time, with a machine-readable attribute: `14:05 UTC (25 min ago)`. */
export function timeAgo(iso: string, now: string): Html {
  const span = formatSpan(iso, now);
  return html`<time datetime="${iso}" title="${iso}">${formatClock(iso, now)}${span !== undefined && ` (${span} ago)`}</time>`;
}

function twoUnits(spanMs: number, largeMs: number, large: string, smallMs: number, small: string): string {
  const rest = Math.floor((spanMs % largeMs) / smallMs);
  return `${Math.floor(spanMs / largeMs)}${nbsp}${large}${rest === 0 ? '' : ` ${rest}${nbsp}${small}`}`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}

/** A share of 1 as a percentage, rounded down so that no failure is hidden: 0.99999 is 99.99 %, and only 1 is 100 %. */
export function formatShare(share: number): string {
  if (share === 1) return `100${nbsp}%`;
  return `${(Math.floor(share * 10_000 + 1e-9) / 100).toFixed(2)}${nbsp}%`;
}
