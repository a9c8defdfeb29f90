import { randomUUID } from 'node:crypto';
import type { Device, Dps } from './device.ts';
import type { Admitted } from './enrollments.ts';
import { answerWithFaults } from './faults/faultResponses.ts';
import { assigned, errorAnswer, queryStatus, register, type ServiceAnswer } from './service.ts';
import type { DeviceRequest } from './topics.ts';

/** What the service says to one request of one device, faults included. */
export function answer(dps: Dps, device: Device, request: DeviceRequest, body: string, now: Date): ServiceAnswer {
  const { admission } = device;
  const defaultAnswer = () =>
    // Where a wrong credential was publicly seen to be refused: CONNECT and SUBSCRIBE succeed, the answer is 401
    admission.kind === 'refused'
      ? errorAnswer(admission.status, admission.errorCode, admission.message, now)
      : honestAnswer(dps, device, admission, request, body, now);
  const given = device.faults.length === 0 ? defaultAnswer() : faultyAnswer(dps, device, request, now, defaultAnswer);
  if (admission.kind === 'admitted') announce(dps, admission, given);
  return given;
}

function honestAnswer(
  { state, rules }: Dps,
  { registrationId, apiVersion }: Device,
  admitted: Admitted,
  request: DeviceRequest,
  body: string,
  now: Date,
): ServiceAnswer {
  return request.kind === 'register'
    ? register(state, rules, { registrationId, apiVersion, admitted, body, now })
    : queryStatus(state, rules, { registrationId, operationId: request.operationId, now });
}

function faultyAnswer(
  dps: Dps,
  { registrationId, faults }: Device,
  request: DeviceRequest,
  now: Date,
  defaultAnswer: () => ServiceAnswer,
): ServiceAnswer {
  const counted = `${request.kind} ${registrationId}`;
  const count = (dps.counts.get(counted) ?? 0) + 1;
  dps.counts.set(counted, count);
  return answerWithFaults(faults, {
    phase: request.kind,
    registrationId,
    operationId: request.kind === 'poll' ? request.operationId : `4.0000000000000000.${randomUUID()}`,
    count,
    now,
    retryAfterSeconds: dps.rules.retryAfterSeconds,
    defaultAnswer,
    assignedNow: () => {
      const registered = defaultAnswer();
      const operation = dps.state.operations.get(String((registered.body as { operationId?: unknown }).operationId));
      return operation === undefined ? registered : assigned(dps.state, dps.rules, operation, now);
    },
  });
}

/** Tells the IoT Hub stand-in of a device that has just been assigned, as the service creates it in its hub. */
function announce(dps: Dps, admitted: Admitted, { status, body }: ServiceAnswer): void {
  if (status !== 200 || typeof body !== 'object' || body === null) return;
  const { registrationState } = body as { readonly registrationState?: { assignedHub?: string; deviceId?: string } };
  if (registrationState?.assignedHub === undefined || registrationState.deviceId === undefined) return;
  const { assignedHub, deviceId } = registrationState;
  dps.registry?.put({ hub: assignedHub, deviceId, credential: admitted.credential });
}
