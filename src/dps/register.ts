import { setTimeout as delay } from 'node:timers/promises';
import { connect, type Destination } from '../transport/connect.ts';
import type { MqttSession } from '../transport/mqttSession.ts';
import { milliseconds } from '../transport/recorder.ts';
import type { Run } from '../transport/run.ts';
import type { ServerIdentity } from '../transport/serverIdentity.ts';
import type { TransportFailure } from '../transport/transportFailure.ts';
import { deviceRegistration } from './messages.ts';
import { readResponse, readRetryAfter } from './readResponse.ts';
import type { RegistrationResult, Throttled } from './registrationResult.ts';
import { createRequester } from './requests.ts';
import { operationStatusTopic, registerTopic, responseFilter } from './topics.ts';

/** The device that registers, and the endpoint that it connects to. */
export interface RegistrationRequest extends Destination {
  readonly idScope: string;
  readonly registrationId: string;
  readonly apiVersion: string;
  /** A SAS token; absent with X.509. */
  readonly password?: string | undefined;
  /** Data for custom allocation. */
  readonly payload?: unknown;
  /** Asks for an operational certificate: PKCS#10 as base64 of its DER. Needs api-version 2025-07-01-preview or newer. */
  readonly csr?: string | undefined;
}

export interface RegistrationRun extends Run {
  /** Called for every 429 as it arrives, with the seconds that the run will wait. A simulation then slows down at once. */
  readonly onThrottled?: ((retryAfterSeconds: number) => void) | undefined;
}

export interface Registration {
  readonly result: RegistrationResult;
  /** Status queries sent. */
  readonly polls: number;
  /** Time in the phase `assign` for which the service asked to wait; absent when it did not. */
  readonly waitedMs?: number;
  readonly server?: ServerIdentity;
  /** What came with the assignment, as received, not judged. */
  readonly issuedCertificateChain?: unknown;
}

/**
 * Provisions as a device does: connect, subscribe, register, poll until the service has finished
 * (learn.microsoft.com/azure/iot-dps/iot-dps-mqtt-support). Leaves no socket, timer or listener behind.
 */
export async function register(request: RegistrationRequest, run: RegistrationRun): Promise<Registration> {
  const { idScope, registrationId, apiVersion, password } = request;
  const username = `${idScope}/registrations/${registrationId}/api-version=${apiVersion}`;
  const connected = await connect(request, { clientId: registrationId, username, password }, run);
  if (connected.kind === 'notConnected') {
    const { failure, server } = connected;
    return { result: failure, polls: 0, ...(server && { server }) };
  }
  const { session, server } = connected;
  try {
    return { ...(await registerAndPoll(session, request, run)), server: server() };
  } finally {
    await session.close();
  }
}

async function registerAndPoll(
  session: MqttSession,
  { registrationId, payload, csr }: RegistrationRequest,
  run: RegistrationRun,
): Promise<Omit<Registration, 'server'>> {
  const { recorder, onThrottled } = run;
  recorder.enter('subscribe');
  const subscribed = await session.subscribe(responseFilter);
  if (subscribed.kind !== 'subscribed') return { result: subscribed, polls: 0 };

  const requester = createRequester(session, recorder);
  recorder.enter('register');
  let send = () => requester.request(registerTopic, deviceRegistration(registrationId, payload, csr));
  let phase: 'register' | 'assign' = 'register';
  let polls = 0;
  let waitedMs = 0;
  let throttled: Throttled | undefined;
  const counted = () => ({ polls, ...(waitedMs > 0 && { waitedMs: milliseconds(waitedMs) }) });
  // If the last response was a 429, the result is `throttled`, not that the deadline passed.
  const ended = (failure: TransportFailure) => ({
    result: failure.kind === 'timedOut' ? (throttled ?? failure) : failure,
    ...counted(),
  });
  for (let responses = 1; ; responses += 1) {
    const response = await send();
    if (response.kind !== 'response') return ended(response);
    const retryAfter = readRetryAfter(response.retryAfter, responses);
    const reading = readResponse(response, phase, retryAfter.seconds);
    if (reading.kind === 'finished') {
      const { kind: _, ...finished } = reading;
      return { ...finished, ...counted() };
    }
    throttled = reading.kind === 'throttled' ? reading.result : undefined;
    if (throttled) onThrottled?.(retryAfter.seconds);

    if (reading.kind === 'accepted' && phase === 'register') {
      const { operationId } = reading;
      phase = 'assign';
      recorder.enter('assign');
      send = () => {
        polls += 1;
        return requester.request((rid) => operationStatusTopic(rid, operationId), '');
      };
    }
    if (retryAfter.invalid)
      recorder.note('retry-after', `${response.retryAfter ?? 'missing'}: waiting ${retryAfter.seconds} s`);
    const waitStart = performance.now();
    const interrupted = await wait(retryAfter.seconds, session, run);
    if (phase === 'assign' && retryAfter.seconds > 0) waitedMs += performance.now() - waitStart;
    if (interrupted) return ended(interrupted);
  }
}

/** Waits as long as the service asks. Returns what ended the wait early, if anything did. */
async function wait(
  seconds: number,
  session: MqttSession,
  { recorder, deadline }: Run,
): Promise<TransportFailure | undefined> {
  if (seconds * 1000 > deadline.remainingMs()) {
    // The deadline will pass first. Waiting for it would only delay the result.
    const message = `the service asked to wait ${seconds} s, which is beyond the deadline`;
    return { kind: 'timedOut', phase: recorder.phase, message, retryAfterSeconds: seconds };
  }
  if (seconds === 0) return undefined;
  const stop = new AbortController();
  const waited = delay(seconds * 1000, undefined, { signal: stop.signal }).catch(() => undefined);
  const interrupted = await Promise.race([waited, session.failed]);
  stop.abort();
  return interrupted ?? undefined;
}
