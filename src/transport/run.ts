import type { Deadline } from './deadline.ts';
import type { Recorder } from './recorder.ts';
import type { TlsSessions } from './tlsSessions.ts';

/** One run, as each of its steps receives it: `runProbe` creates it, and it is passed unchanged down to the socket. */
export interface Run {
  readonly recorder: Recorder;
  readonly deadline: Deadline;
  /** Resumes a TLS session if there is one; a device that starts for the first time has none. */
  readonly tlsSessions?: TlsSessions | undefined;
  /** For simulations, which have no CPU to spare: of the server's chain, Node reads the leaf alone, and the rest once for all devices. */
  readonly lightIdentityCheck?: boolean | undefined;
}
