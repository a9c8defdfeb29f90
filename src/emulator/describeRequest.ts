import type { EmulatorRequest } from './startEmulator.ts';

/** What a person need not see: the packets that only keep a connection going or end it as it should end. */
const routine = new Set(['puback', 'pingreq', 'unsubscribe', 'disconnect']);

/** One line for a person, or undefined for what is only routine. */
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
  const shown = kind === 'subscribe' || kind === 'publish' || kind === 'telemetry' ? printable(topic ?? '') : '';
  return [shown, note === undefined ? '' : `(${note})`].filter((part) => part !== '').join(' ');
}

/** A device chooses these texts: control characters do not reach the terminal. */
function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, '?').slice(0, 120);
}
