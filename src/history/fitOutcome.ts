import type { Outcome } from '../outcomes/outcome.ts';
import type { TranscriptEntry } from '../transport/recorder.ts';

export interface FittedOutcome {
  /** JSON of at most `maxLength` characters. */
  readonly text: string;
  /** A sentence about what was left out; it is also in the outcome's `notes`. */
  readonly trimmed?: string;
}

/** Maximum length of one text, in successive attempts. */
const textLengths = [4_000, 1_000, 200, 50];
const maxListLength = 20;

/**
 * Serialises an outcome so that it fits into a row: first with a shorter transcript, then without one and with long texts cut. An outcome
 * is always stored: what a server sends must not prevent that. `maxLength` is at least 10,000.
 */
export function fitOutcome(outcome: Outcome, maxLength: number): FittedOutcome {
  const text = JSON.stringify(outcome);
  if (text.length <= maxLength) return { text };
  const transcript = outcome.transcript ?? [];
  for (let kept = transcript.length >> 1; kept > 0; kept >>= 1) {
    const left = transcript.length - kept;
    const trimmed = `${left} of ${transcript.length} transcript entries were left out: a row of the history holds ${maxLength} characters`;
    const shorter = JSON.stringify(withNote({ ...outcome, transcript: cutMiddle(transcript, kept, trimmed) }, trimmed));
    if (shorter.length <= maxLength) return { text: shorter, trimmed };
  }
  const { transcript: _, ...rest } = outcome;
  const trimmed = `The transcript was left out and long texts were cut: a row of the history holds ${maxLength} characters`;
  for (const textLength of textLengths) {
    const shorter = JSON.stringify(withNote(cutTexts(rest, textLength) as Outcome, trimmed));
    if (shorter.length <= maxLength) return { text: shorter, trimmed };
  }
  return { text: JSON.stringify(withNote(cutTexts(bareOutcome(rest), 100) as Outcome, trimmed)), trimmed };
}

function withNote(outcome: Outcome, note: string): Outcome {
  return { ...outcome, notes: [...(outcome.notes ?? []), note] };
}

/** Keeps the beginning and the end, which matter most. */
function cutMiddle(transcript: readonly TranscriptEntry[], kept: number, why: string): TranscriptEntry[] {
  const head = transcript.slice(0, kept - (kept >> 1));
  const tail = transcript.slice(transcript.length - (kept >> 1));
  return [...head, { atMs: head.at(-1)?.atMs ?? 0, direction: 'note', what: 'trimmed', detail: why }, ...tail];
}

/** The same value with no text longer than `length`, and no list longer than `maxListLength`. */
function cutTexts(value: unknown, length: number): unknown {
  if (typeof value === 'string') return value.length > length ? `${value.slice(0, length - 1)}…`.toWellFormed() : value;
  if (Array.isArray(value)) return value.slice(0, maxListLength).map((item) => cutTexts(item, length));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, cutTexts(item, length)]));
}

/** Without the fields that can have any size. */
function bareOutcome({ server: _, events: __, result, ...outcome }: Outcome): unknown {
  const parts = Object.entries(result).filter(([, value]) => typeof value !== 'object');
  return { ...outcome, result: Object.fromEntries(parts) };
}
