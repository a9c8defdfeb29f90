import type { Transport } from './wire.ts';

/** A packet from a device, for tests and people. */
export interface RecordedRequest<Kind extends string = string> {
  /** When the packet was received, in milliseconds since the epoch. */
  readonly atMs: number;
  /** The server's connections, numbered from 1: distinguishes two attempts of one device. */
  readonly connection: number;
  readonly transport: Transport;
  /** The MQTT client ID; empty before CONNECT. */
  readonly clientId: string;
  readonly kind: Kind;
  readonly topic?: string | undefined;
  readonly rid?: string | undefined;
  readonly operationId?: string | undefined;
  /** CONNACK return code, granted QoS (128: refused), or the response's status. Absent: no response. */
  readonly answer?: number | undefined;
  /** The body that the device sent, at most 2,048 characters. */
  readonly body?: string | undefined;
  /** Messages that the device did not acknowledge (on `close`). */
  readonly unacknowledged?: number | undefined;
  /** Why it was refused, the injected fault, or what was accepted although the document does not allow it. */
  readonly note?: string | undefined;
}

export interface RequestHistory<Kind extends string = string> {
  /** Oldest first; the last 10,000. */
  readonly all: readonly RecordedRequest<Kind>[];
  of(clientId: string): readonly RecordedRequest<Kind>[];
  /** The first match, in the history or in the future. */
  seen(match: Partial<RecordedRequest<Kind>>, signal?: AbortSignal): Promise<RecordedRequest<Kind>>;
  /** The first match in the future. */
  next(match: Partial<RecordedRequest<Kind>>, signal?: AbortSignal): Promise<RecordedRequest<Kind>>;
  /** Calls `listener` for each request; returns a function that stops it. */
  watch(listener: (request: RecordedRequest<Kind>) => void): () => void;
  record(request: RecordedRequest<Kind>): void;
}

const maxRequests = 10_000;

export function createRequestHistory<Kind extends string>(): RequestHistory<Kind> {
  const all: RecordedRequest<Kind>[] = [];
  const listeners = new Set<(request: RecordedRequest<Kind>) => void>();

  function watch(listener: (request: RecordedRequest<Kind>) => void): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  function next(match: Partial<RecordedRequest<Kind>>, signal?: AbortSignal): Promise<RecordedRequest<Kind>> {
    return new Promise((resolve, reject) => {
      const cancel = () => {
        stop();
        reject(new Error(`no request like ${JSON.stringify(match)} was recorded`, { cause: signal?.reason }));
      };
      const stop = watch((request) => {
        if (!matches(request, match)) return;
        stop();
        signal?.removeEventListener('abort', cancel);
        resolve(request);
      });
      signal?.addEventListener('abort', cancel, { once: true });
    });
  }

  return {
    all,
    of: (clientId) => all.filter((request) => request.clientId === clientId),
    next,
    seen: async (match, signal) => all.find((request) => matches(request, match)) ?? next(match, signal),
    watch,
    record: (request) => {
      all.push(request);
      if (all.length > maxRequests * 1.1) all.splice(0, all.length - maxRequests);
      for (const listener of listeners) listener(request);
    },
  };
}

function matches<Kind extends string>(request: RecordedRequest<Kind>, match: Partial<RecordedRequest<Kind>>): boolean {
  return Object.entries(match).every(([field, value]) => request[field as keyof RecordedRequest<Kind>] === value);
}
