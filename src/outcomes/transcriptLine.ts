import type { TranscriptEntry } from '../transport/recorder.ts';

const arrows = { sent: '→', received: '←', note: '·' } as const;

/** Formats one entry of a transcript as exactly one line, whatever characters the server sent. */
export function transcriptLine(entry: TranscriptEntry): string {
  const facts = [
    `${entry.atMs.toFixed(1).padStart(8)} ms ${arrows[entry.direction]} ${entry.what}`,
    entry.topic,
    entry.status === undefined ? undefined : `status ${entry.status}`,
    entry.bytes === undefined ? undefined : `${entry.bytes} bytes`,
    entry.detail,
  ];
  return facts
    .filter((fact) => fact !== undefined)
    .join('  ')
    .replace(/\p{Cc}|\p{Zl}|\p{Zp}/gu, ' ');
}
