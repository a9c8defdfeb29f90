/**
 * What the service does with a request, over plain data and without sockets:
 * register → 202 `assigning` → status query → 202 `assigning` … → 200 `assigned`.
 */
import { createHash, randomUUID } from 'node:crypto';
import { allocateHub } from './allocation.ts';
import { certificateInfo } from './certificateInfo.ts';
import type { Admitted } from './enrollments.ts';

/** An answer before it is put on a topic. `body` is JSON, or already text where a fault wants it so. */
export interface ServiceAnswer {
  readonly status: number;
  /** In seconds, or whatever a fault puts there. */
  readonly retryAfter?: number | string;
  readonly body: unknown;
}

export interface ServiceState {
  readonly operations: Map<string, Operation>;
  /** By registrationId: registering again leads to the same hub. */
  readonly assignments: Map<string, Assignment>;
}

export interface Operation {
  readonly operationId: string;
  readonly registrationId: string;
  readonly admitted: Admitted;
  readonly returnPayload: unknown;
  polls: number;
}

export interface Assignment {
  readonly assignedHub: string;
  readonly createdDateTimeUtc: string;
}

export interface ServiceRules {
  readonly idScope: string;
  readonly retryAfterSeconds: number;
  readonly assigningPolls: number;
  readonly linkedHubs: readonly [string, ...string[]];
}

export interface RegisterRequest {
  readonly registrationId: string;
  readonly apiVersion: string;
  readonly admitted: Admitted;
  readonly body: string;
  readonly now: Date;
}

export interface StatusRequest {
  readonly registrationId: string;
  readonly operationId: string;
  readonly now: Date;
}

const keptOperations = 50_000;
/** Custom allocation's payload travels in bodies newer than the document's own version. */
const versionWithoutPayload = '2019-03-31';

export function createServiceState(): ServiceState {
  return { operations: new Map(), assignments: new Map() };
}

export function register(state: ServiceState, rules: ServiceRules, request: RegisterRequest): ServiceAnswer {
  const { registrationId, admitted, now } = request;
  const body = parseRegistration(request.body, registrationId);
  if (body.kind === 'invalid') return errorAnswer(400, 400000, body.message, now);
  // A switched-off enrollment is a finished operation that never had an id
  if (admitted.enrollment.provisioningStatus === 'disabled') return finished('', registrationId, 'disabled', now);

  const { returnPayload, allocationPolicy } = admitted.enrollment;
  const payload = returnPayload ?? (allocationPolicy === 'custom' ? body.payload : undefined);
  const operation: Operation = {
    operationId: newOperationId(rules.idScope),
    registrationId,
    admitted,
    returnPayload: request.apiVersion === versionWithoutPayload ? undefined : payload,
    polls: 0,
  };
  remember(state, operation);
  return assigning(operation.operationId, rules);
}

export function queryStatus(state: ServiceState, rules: ServiceRules, request: StatusRequest): ServiceAnswer {
  const operation = state.operations.get(request.operationId);
  // "The operation id in this message must be the one received in the RegistrationOperationStatus" (document, "Polling")
  if (operation === undefined || operation.registrationId !== request.registrationId)
    return errorAnswer(404, 404000, 'Operation not found.', request.now);
  operation.polls += 1;
  if (operation.polls <= rules.assigningPolls) {
    return assigning(operation.operationId, rules, request.registrationId);
  }
  return assigned(state, rules, operation, request.now);
}

/** The 200 that ends an operation well. */
export function assigned(state: ServiceState, rules: ServiceRules, operation: Operation, now: Date): ServiceAnswer {
  const { registrationId, admitted } = operation;
  const key = registrationId.toLowerCase();
  const assignment = state.assignments.get(key) ?? {
    assignedHub: allocateHub(admitted.enrollment, registrationId, rules.linkedHubs),
    createdDateTimeUtc: utc(now),
  };
  state.assignments.set(key, assignment);
  return {
    status: 200,
    body: {
      operationId: operation.operationId,
      status: 'assigned',
      registrationState: {
        ...(admitted.credential.kind === 'x509'
          ? {
              x509: {
                certificateInfo: certificateInfo(admitted.certificate),
                enrollmentGroupId: admitted.enrollmentGroupId,
              },
            }
          : { symmetricKey: { enrollmentGroupId: admitted.enrollmentGroupId } }),
        registrationId,
        createdDateTimeUtc: assignment.createdDateTimeUtc,
        assignedHub: assignment.assignedHub,
        deviceId: admitted.deviceId,
        status: 'assigned',
        // Stays so when the device registers again and its hub is still the same one
        substatus: 'initialAssignment',
        lastUpdatedDateTimeUtc: utc(now),
        etag: Buffer.from(`"${randomUUID()}"`).toString('base64'),
        ...(operation.returnPayload === undefined ? {} : { payload: operation.returnPayload }),
      },
    },
  };
}

/** A 200 that ends an operation otherwise. */
export function finished(
  operationId: string,
  registrationId: string,
  status: string,
  now: Date,
  more: Record<string, unknown> = {},
): ServiceAnswer {
  const registrationState = {
    registrationId,
    status,
    createdDateTimeUtc: utc(now),
    lastUpdatedDateTimeUtc: utc(now),
    ...more,
  };
  return { status: 200, body: { operationId, status, registrationState } };
}

/** The body of every 3xx to 5xx. `errorCode` has six digits, the first three being the status. */
export function errorAnswer(status: number, errorCode: number, message: string, now: Date): ServiceAnswer {
  return { status, body: { errorCode, trackingId: randomUUID(), message, timestampUtc: utc(now) } };
}

function assigning(operationId: string, rules: ServiceRules, registrationId?: string): ServiceAnswer {
  const state = registrationId === undefined ? {} : { registrationState: { registrationId, status: 'assigning' } };
  return { status: 202, retryAfter: rules.retryAfterSeconds, body: { operationId, status: 'assigning', ...state } };
}

type Registration =
  | { readonly kind: 'valid'; readonly payload: unknown }
  | { readonly kind: 'invalid'; readonly message: string };

/** DeviceRegistration: `{ registrationId, payload?, tpm? }`, of which TPM is not offered over MQTT. */
function parseRegistration(text: string, registrationId: string): Registration {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return { kind: 'invalid', message: 'The body is not JSON.' };
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    return { kind: 'invalid', message: 'The body is not a DeviceRegistration object.' };
  const fields: { readonly registrationId?: unknown; readonly payload?: unknown; readonly tpm?: unknown } = body;
  if (typeof fields.registrationId !== 'string') return { kind: 'invalid', message: 'The body has no registrationId.' };
  if (fields.registrationId.toLowerCase() !== registrationId.toLowerCase())
    return { kind: 'invalid', message: 'The registrationId of the body is not that of the connection.' };
  if (fields.tpm !== undefined) return { kind: 'invalid', message: 'TPM attestation is not supported over MQTT.' };
  return { kind: 'valid', payload: fields.payload };
}

function remember(state: ServiceState, operation: Operation): void {
  state.operations.set(operation.operationId, operation);
  if (state.operations.size <= keptOperations) return;
  const [oldest] = state.operations.keys();
  if (oldest !== undefined) state.operations.delete(oldest);
}

/** Shaped as the real ones are: `4.{sixteen hexadecimal digits of the service}.{uuid}`. */
function newOperationId(idScope: string): string {
  return `4.${createHash('sha256').update(idScope).digest('hex').slice(0, 16)}.${randomUUID()}`;
}

/** The service writes seven decimals; a JavaScript clock has three of them. */
function utc(time: Date): string {
  return time.toISOString().replace('Z', '0000Z');
}
