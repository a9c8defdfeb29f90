import { randomUUID } from 'node:crypto';
import type { Probe } from '../config/probe.ts';
import { timeoutMs } from '../config/probe.ts';
import { register } from '../dps/register.ts';
import type { Assigned } from '../dps/registrationResult.ts';
import { verifyHub } from '../hub/verifyHub.ts';
import { findDrift } from '../outcomes/drift.ts';
import type { CredentialExpiry, NotRun, Outcome, ProbeResult, Trigger } from '../outcomes/outcome.ts';
import { judge } from '../outcomes/verdict.ts';
import { parseEndpoint } from '../transport/connect.ts';
import { createDeadline, type Deadline } from '../transport/deadline.ts';
import { createRecorder, milliseconds, type Recorder } from '../transport/recorder.ts';
import type { ServerIdentity } from '../transport/serverIdentity.ts';
import type { TlsSessions } from '../transport/tlsSessions.ts';
import { type Credential, type ReadSecret, readCredential } from './credential.ts';

export interface ProbeContext {
  readonly readSecret: ReadSecret;
  /** Where this instance looks from. */
  readonly location: string;
  readonly trigger: Trigger;
  readonly runId?: string;
  /** Gives the run up before its deadline: a cancelled simulation, a host that shuts down. */
  readonly signal?: AbortSignal;
  /** The outcome before this one, to see what has changed since. */
  readonly previous?: Outcome | undefined;
  /** The newest healthy or degraded one before it. */
  readonly lastUp?: Outcome | undefined;
  readonly tlsSessions?: TlsSessions | undefined;
  /** Called for every 429 when it comes, with the seconds that will be waited. */
  readonly onThrottled?: ((retryAfterSeconds: number) => void) | undefined;
}

/**
 * Runs one probe once, whole: credential → registration → hub → outcome. Owns the one deadline; never rejects, and leaves no
 * socket, timer or listener behind.
 */
export async function runProbe(probe: Probe, context: ProbeContext): Promise<Outcome> {
  const startedAt = new Date();
  const runId = context.runId ?? randomUUID();
  const deadline = createDeadline(timeoutMs(probe), context.signal);
  const recorder = createRecorder('keyVault');
  const start = performance.now();
  const run = await provision(probe, { ...context, runId }, recorder, deadline);
  const durationMs = milliseconds(performance.now() - start);
  deadline.clear();

  const { polls, server, credential } = run;
  const result = context.signal?.aborted && endsByDeadline(run.result) ? cancelled : run.result;
  const phases = recorder.phases();
  const { previous, lastUp } = context;
  const seen = { result, durationMs, server, credential, previous, lastUp };
  const { verdict, reasons } = judge(probe.expect, seen);
  const events = findDrift(seen, previous, lastUp);
  return {
    runId,
    probe: probe.name,
    registrationId: probe.registrationId,
    trigger: context.trigger,
    location: context.location,
    startedAt: startedAt.toISOString(),
    durationMs,
    verdict,
    reasons,
    phases,
    polls,
    result,
    ...(server && { server }),
    ...(credential && Object.keys(credential).length > 0 && { credential }),
    ...(events.length > 0 && { events }),
    transcript: recorder.transcript(),
  };
}

interface Run {
  readonly result: ProbeResult;
  readonly polls: number;
  readonly server?: ServerIdentity;
  readonly credential?: CredentialExpiry;
}

const cancelled: NotRun = { kind: 'notRun', phase: 'keyVault', cause: 'cancelled', message: 'the run was cancelled' };

/** Giving up looks as if the deadline had passed; what a service had said before stands. */
function endsByDeadline(result: ProbeResult): boolean {
  switch (result.kind) {
    case 'timedOut':
    case 'throttled':
      return true;
    case 'notRun':
      return result.cause === 'timedOut';
    case 'hubRefused':
      return result.cause.kind === 'timedOut';
    default:
      return false;
  }
}

async function provision(
  probe: Probe,
  context: ProbeContext & { readonly runId: string },
  recorder: Recorder,
  deadline: Deadline,
): Promise<Run> {
  const credential = await readCredential(probe, context.readSecret, deadline.signal);
  if (credential.kind === 'notRun') return { result: credential, polls: 0 };

  const { result, polls, server } = await register({
    endpoint: parseEndpoint(probe.globalDeviceEndpoint, probe.transport),
    transport: probe.transport,
    idScope: probe.idScope,
    registrationId: probe.registrationId,
    apiVersion: probe.apiVersion,
    payload: probe.payload,
    secureContext: credential.secureContext,
    password: credential.password,
    tlsSessions: context.tlsSessions,
    onThrottled: context.onThrottled,
    recorder,
    deadline,
  });
  const run = {
    result,
    polls,
    credential: credential.expiry,
    ...(server && { server }),
  };
  if (result.kind !== 'assigned' || !probe.verifyHub) return run;
  return { ...run, result: await verifyAssignment(probe, result, credential, context.runId, recorder, deadline) };
}

/** Assigned and let in is `assigned`; assigned and not let in is `hubRefused`. */
async function verifyAssignment(
  { verifyHub: verification = 'connect', transport, expect }: Probe,
  assigned: Assigned,
  credential: Credential,
  runId: string,
  recorder: Recorder,
  deadline: Deadline,
): Promise<ProbeResult> {
  recorder.enter('hub');
  const verified = await verifyHub({
    assignedHub: assigned.assignedHub,
    deviceId: assigned.deviceId,
    verification,
    transport,
    secureContext: credential.secureContext,
    password: credential.hubPassword,
    configuredHubs: expect.assignedHub,
    runId,
    recorder,
    deadline,
  });
  return verified.kind === 'verified' ? assigned : verified;
}
