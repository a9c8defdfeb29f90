import { createCertificateRequest } from '../attestation/certificateRequest.ts';
import type { CredentialFinding } from '../attestation/examineCredential.ts';
import { type Probe, timeoutMs } from '../config/probe.ts';
import { type RegistrationRun, register } from '../dps/register.ts';
import type { HubRun } from '../hub/verifyHub.ts';
import type { NotRun, ProbeResult, RunFacts } from '../outcomes/outcome.ts';
import { newRunId } from '../outcomes/runId.ts';
import { createDeadline } from '../transport/deadline.ts';
import { parseEndpoint } from '../transport/endpoint.ts';
import type { Phase } from '../transport/phase.ts';
import { createRecorder, milliseconds, type RunObserver } from '../transport/recorder.ts';
import { loadCredentialCode, type ReadSecret, readCredential } from './credential.ts';
import { type HubAccess, hubAccessOf, planVerification, type VerificationRun, verifyAssignment } from './hubAccess.ts';
import { redactSecrets } from './redactSecrets.ts';

/** The caller's options. They become part of the run object that the steps share. */
export interface RunOptions extends Omit<RegistrationRun, 'recorder' | 'deadline'>, Pick<HubRun, 'configuredHubs'> {
  readonly readSecret: ReadSecret;
  /** Ends the run before its deadline, for example when a simulation is cancelled or the host shuts down. */
  readonly signal?: AbortSignal | undefined;
  /** Receives phases and packets as they happen. */
  readonly observer?: RunObserver | undefined;
  /** Called with the stack of an error in this program, for the log. The run still returns facts. */
  readonly reportUnexpected?: ((stack: string) => void) | undefined;
}

/**
 * Runs one probe once: credential, registration, hub. Returns what it saw, without a judgement: it does not know what the probe expects. It
 * owns the run's one deadline, never rejects, and leaves no socket, timer or listener behind.
 */
export async function runProbe(probe: ProbeToRun, options: RunOptions): Promise<RunFacts> {
  // Created before the clock starts: the phases measure the service, not our key generation.
  const request = probe.requestCertificate ? createCertificateRequest(probe.registrationId) : undefined;
  await request?.catch(() => undefined);
  await loadCredentialCode(probe).catch(() => undefined); // an error appears again inside the run, which records it
  const startedAt = new Date().toISOString();
  const runId = newRunId(Date.parse(startedAt));
  if (options.signal?.aborted) {
    return { runId, startedAt, durationMs: 0, phases: {}, polls: 0, result: cancelled() };
  }
  const deadline = createDeadline(timeoutMs(probe), options.signal);
  const start = performance.now();
  const gathered: Gathered = { facts: { polls: 0 }, notes: [], findings: [], secrets: [] };
  const recorder = createRecorder('keyVault', redactingObserver(options.observer, gathered));
  const addNote = (note: string) => void gathered.notes.push(note);
  const run: ProbeRun = { ...options, probe, request, runId, recorder, deadline, gathered, addNote };

  const result = await provision(run)
    .catch((error: unknown) => unexpected(error, recorder.phase, gathered.secrets, options))
    .finally(deadline.end);
  const notes = [...gathered.notes, ...credentialNotes(gathered.findings, result)];
  const facts: RunFacts = {
    runId,
    startedAt,
    durationMs: milliseconds(performance.now() - start),
    phases: recorder.phases(),
    ...gathered.facts,
    ...(notes.length > 0 && { notes }),
    result: options.signal?.aborted && endedByDeadline(result) ? cancelled(recorder.phase) : result,
    transcript: recorder.transcript(),
  };
  return redactSecrets(facts, gathered.secrets);
}

type ProbeToRun = Omit<Probe, 'expect'>;

/** What the run has seen so far. It remains available if an error ends the run early. */
interface Gathered {
  readonly facts: Partial<RunFacts> & { polls: number };
  readonly notes: string[];
  findings: readonly CredentialFinding[];
  secrets: readonly string[];
}

/** The run object that all steps share. */
interface ProbeRun extends RunOptions, RegistrationRun, VerificationRun {
  readonly probe: ProbeToRun;
  readonly request: ReturnType<typeof createCertificateRequest> | undefined;
  readonly gathered: Gathered;
}

/** Reads the credential and registers; then verifies the assignment at the hub, if the probe asks for it. */
async function provision(run: ProbeRun): Promise<ProbeResult> {
  const { probe, request, recorder, gathered } = run;
  const credential = await readCredential(probe, run.readSecret, run.deadline.signal);
  if (credential.kind === 'notRun') return credential;
  const { secureContext, password, expiry } = credential;
  gathered.findings = credential.findings;
  gathered.secrets = credential.secrets;
  if (Object.keys(expiry).length > 0) Object.assign(gathered.facts, { credential: expiry });

  const endpoint = parseEndpoint(probe.globalDeviceEndpoint, probe.transport);
  const csr = (await request)?.csr;
  const device = { ...probe, endpoint, secureContext, password, csr };
  const { result, issuedCertificateChain, ...registered } = await register(device, run);
  Object.assign(gathered.facts, registered);
  if (result.kind !== 'assigned') return result;

  const { registrationId } = probe;
  const requested = request && { request: await request, registrationId, phase: recorder.phase };
  const access = await hubAccessOf(result, credential, requested, issuedCertificateChain);
  return access.kind === 'certificateNotIssued' ? access : verifyAtHub(run, access);
}

async function verifyAtHub(run: ProbeRun, access: HubAccess): Promise<ProbeResult> {
  const { verifyHub } = run.probe;
  if (!verifyHub) return access.assigned;
  const { verification, notes } = planVerification(verifyHub, access.assigned);
  for (const note of notes) run.addNote(note);
  if (!verification) return access.assigned;
  run.recorder.enter('hub');
  return verifyAssignment(verification, access, run);
}

/** A service may echo a secret, so that entries that are shown live are redacted, too. */
function redactingObserver(observer: RunObserver | undefined, gathered: Gathered): RunObserver | undefined {
  return observer && { ...observer, recorded: (entry) => observer.recorded(redactSecrets(entry, gathered.secrets)) };
}

/** Findings that explain a refusal become notes only when the device was refused. */
function credentialNotes(findings: readonly CredentialFinding[], result: ProbeResult): readonly string[] {
  const shown = findings.filter(({ severity }) => severity === 'note' || result.kind !== 'assigned');
  return shown.map(({ message, next }) => `${message}. ${next}.`);
}

/** Logs the stack; the outcome has only the error's name. */
function unexpected(
  error: unknown,
  phase: Phase,
  secrets: readonly string[],
  { reportUnexpected }: RunOptions,
): NotRun {
  const [name, stack] = error instanceof Error ? [error.name, error.stack] : [typeof error, String(error)];
  reportUnexpected?.(redactSecrets(stack ?? name, secrets));
  return { kind: 'notRun', phase, cause: 'unexpected', message: `an unexpected error in this program (${name})` };
}

/** `phase`: absent when the run was cancelled before it entered one. */
function cancelled(phase?: Phase): NotRun {
  return { kind: 'notRun', ...(phase && { phase }), cause: 'cancelled', message: 'the run was cancelled' };
}

/** Cancelling works by ending the deadline. True when the result only shows that; a service's response before it stays the result. */
function endedByDeadline(result: ProbeResult): boolean {
  switch (result.kind) {
    case 'timedOut':
    case 'throttled':
      return true;
    case 'notRun':
      return result.cause === 'timedOut';
    case 'hubRefused':
      return result.cause.kind === 'timedOut';
    case 'assigned':
    case 'failed':
    case 'disabled':
    case 'rejected':
    case 'unreachable':
    case 'tlsFailed':
    case 'webSocketRefused':
    case 'connectionRefused':
    case 'subscriptionRefused':
    case 'connectionLost':
    case 'malformedResponse':
    case 'certificateNotIssued':
      return false;
  }
}
