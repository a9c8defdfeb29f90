import type { EmulatorRequest } from './startEmulator.ts';

/** Packets that are not shown: they only keep a connection open or close it normally. */
const routine = new Set(['puback', 'pingreq', 'unsubscribe', 'disconnect']);
const withTopic = new Set(['subscribe', 'publish', 'telemetry']);

/** One line of text, or undefined for routine packets. */
export function describeRequest(request: EmulatorRequest): string | undefined {
  if (routine.has(request.kind)) return undefined;
  if (request.kind === 'close' && request.note === undefined) return undefined;
  const time = new Date(request.atMs).toISOString().slice('2026-11-24T'.length, -1);
  const who = request.clientId === '' ? '(not connected)' : printable(request.clientId);
  const what = `${time}  ${request.service}  ${request.transport.padEnd(7)}  ${who.padEnd(20)}  ${request.kind.padEnd(9)}`;
  return [what, request.answer === undefined ? '  -' : String(request.answer).padStart(3), detail(request)]
    .join('  ')
    .trimEnd();
}

function detail({ kind, topic, note }: EmulatorRequest): string {
  const shown = withTopic.has(kind) ? printable(topic ?? '') : '';
  return [shown, note === undefined ? '' : `(${printable(note)})`].filter((part) => part !== '').join(' ');
}

/** A device chooses these texts, so characters that control a terminal or the direction of text are replaced. */
function printable(text: string): string {
  return text.toWellFormed().replace(/\p{C}/gu, '?').slice(0, 120);
}
