/**
 * What was said on the wire, for the person who has to find out why: packets, topics, statuses, sizes and times.
 * Payloads, passwords and signatures are never part of it, so there is nothing to redact afterwards.
 */
export interface TranscriptEntry {
  /** Milliseconds since the start of the exchange. */
  readonly atMs: number;
  readonly direction: 'sent' | 'received' | 'note';
  /** An MQTT packet (`CONNECT`, `PUBLISH`, …), or a word for a note (`retry-after`, `ignored`, `dropped`). */
  readonly what: string;
  readonly topic?: string;
  readonly status?: number;
  readonly bytes?: number;
  readonly detail?: string;
}
