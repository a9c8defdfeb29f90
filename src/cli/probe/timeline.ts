import { createColors } from 'picocolors';
import type { Probe } from '../../config/probe.ts';
import type { Outcome } from '../../outcomes/outcome.ts';
import { transcriptLine } from '../../outcomes/transcriptLine.ts';
import type { Phase } from '../../transport/phase.ts';
import type { RunObserver } from '../../transport/recorder.ts';

export interface Timeline extends RunObserver {
  /** Shows the end of the last phase. */
  finish(outcome: Outcome): void;
}

export interface TimelineOptions {
  readonly write: (text: string) => void;
  /** Shows the current phase on a line that is replaced when it ends. */
  readonly live: boolean;
  readonly colour: boolean;
}

/** Prints a run live: the packets of each phase, and its time when it ends. */
export function createTimeline({ write, live, colour }: TimelineOptions): Timeline {
  const { dim } = createColors(colour);
  let running: { readonly phase: Phase; readonly sinceMs: number } = { phase: 'keyVault', sinceMs: 0 };
  const clear = live ? '\r\x1b[K' : '';
  const showRunning = () => live && write(dim(`  ${labelOf(running.phase)} …`));
  const line = (text: string) => write(`${clear}${text}\n`);
  showRunning();
  return {
    entered(phase, atMs) {
      line(phaseLine(running.phase, atMs - running.sinceMs));
      running = { phase, sinceMs: atMs };
      showRunning();
    },
    recorded(entry) {
      line(dim(`    ${transcriptLine(entry)}`));
      showRunning();
    },
    finish({ phases }) {
      line(phaseLine(running.phase, phases[running.phase] ?? 0));
    },
  };
}

function phaseLine(phase: Phase, durationMs: number): string {
  return `  ${labelOf(phase)} ${durationMs.toFixed(1).padStart(9)} ms`;
}

function labelOf(phase: Phase): string {
  return (phase === 'keyVault' ? 'credential' : phase).padEnd(12);
}

/** One line: the device, the service and the expectation. */
export function describeProbe(probe: Probe): string {
  const { idScope, registrationId, globalDeviceEndpoint, transport, attestation, verifyHub, expect } = probe;
  const proof = attestation.type === 'x509' ? 'X.509 certificate' : 'symmetric key';
  const goal = `expects ${expect.result}${verifyHub === undefined ? '' : `, then hub ${verifyHub}`}`;
  return `${registrationId} in ${idScope} at ${globalDeviceEndpoint} over ${transport}, ${attestation.enrollment} ${proof}, ${goal}`;
}
