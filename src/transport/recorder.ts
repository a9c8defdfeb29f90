import type { Phase, PhaseTimes } from './phase.ts';
import { printable } from './printable.ts';

/**
 * One line of the transcript: packets, topics, statuses, sizes and times, for finding the cause of a failure. Never a payload or a
 * password.
 */
export interface TranscriptEntry {
  /** Milliseconds since the start of the exchange. */
  readonly atMs: number;
  readonly direction: 'sent' | 'received' | 'note';
  /** An MQTT packet (`CONNECT`, `PUBLISH`, …), or the subject of a note (`retry-after`, `ignored`, `dropped`). */
  readonly what: string;
  readonly topic?: string;
  readonly status?: number;
  readonly bytes?: number;
  readonly detail?: string;
}

/** Records the phase timings and the packet transcript of one run. Entering a phase ends the one before. */
export interface Recorder {
  readonly phase: Phase;
  enter(phase: Phase): void;
  sent(what: string, facts?: EntryFacts): void;
  received(what: string, facts?: EntryFacts): void;
  note(what: string, detail: string): void;
  /** Counts received bytes, and returns the run's total. */
  countBytes(bytes: number): number;
  /** Times up to now, including the current phase. */
  phases(): PhaseTimes;
  transcript(): readonly TranscriptEntry[];
}

/** Observes a run live. Times are milliseconds since its start. */
export interface RunObserver {
  readonly entered: (phase: Phase, atMs: number) => void;
  readonly recorded: (entry: TranscriptEntry) => void;
}

export type EntryFacts = Omit<TranscriptEntry, 'atMs' | 'direction' | 'what'>;

/** A server that floods must not fill this process's memory: later entries are only counted. */
const maxEntries = 200;

export function createRecorder(firstPhase: Phase, observer?: RunObserver): Recorder {
  const startedAt = performance.now();
  const times: { [phase in Phase]?: number } = {};
  const entries: TranscriptEntry[] = [];
  let phase = firstPhase;
  let enteredAt = startedAt;
  let dropped = 0;
  let totalBytes = 0;

  const add = (direction: TranscriptEntry['direction'], what: string, facts: EntryFacts = {}) => {
    if (entries.length >= maxEntries) {
      dropped += 1;
      return;
    }
    const entry = { atMs: milliseconds(performance.now() - startedAt), direction, what, ...bounded(facts) };
    entries.push(entry);
    observer?.recorded(entry);
  };
  const until = (now: number) => milliseconds((times[phase] ?? 0) + now - enteredAt);

  return {
    get phase() {
      return phase;
    },
    enter(next) {
      const now = performance.now();
      times[phase] = until(now);
      phase = next;
      enteredAt = now;
      observer?.entered(next, milliseconds(now - startedAt));
    },
    sent: (what, facts) => add('sent', what, facts),
    received: (what, facts) => add('received', what, facts),
    note: (what, detail) => add('note', what, { detail }),
    countBytes(bytes) {
      totalBytes += bytes;
      return totalBytes;
    },
    phases: () => ({ ...times, [phase]: until(performance.now()) }),
    transcript: () =>
      dropped === 0
        ? entries
        : [
            ...entries,
            { atMs: entries.at(-1)?.atMs ?? 0, direction: 'note', what: 'dropped', detail: `${dropped} later entries` },
          ],
  };
}

function bounded(facts: EntryFacts): EntryFacts {
  const { topic, detail } = facts;
  return {
    ...facts,
    ...(topic !== undefined && { topic: printable(topic) }),
    ...(detail !== undefined && { detail: printable(detail) }),
  };
}

/** Rounds to microseconds: more digits are noise. */
export function milliseconds(value: number): number {
  return Math.round(value * 1000) / 1000;
}
