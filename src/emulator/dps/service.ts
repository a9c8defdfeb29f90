/**
 * The service's logic as plain data, without sockets: register → 202 `assigning` → status query → 202 `assigning` … → 200 `assigned`.
 */
import { hash, randomUUID } from 'node:crypto';
import type { EnrollmentGroup, IndividualEnrollment } from './dpsConfiguration.ts';
import type { AcceptedDevice } from './enrollments.ts';
import { reportsConnectionProfile, returnsPayload } from './identity.ts';
import type { ParsedRegistration } from './registration.ts';
import { assigning, certificateInfo, errorResponse, finished, type ServiceResponse, utc } from './responses.ts';

export interface ServiceState {
  readonly operations: Map<string, Operation>;
  /** By registrationId: registering again assigns the same hub. */
  readonly assignments: Map<string, Assignment>;
}

interface Operation {
  readonly operationId: string;
  readonly registrationId: string;
  readonly apiVersion: string;
  readonly accepted: AcceptedDevice;
  readonly returnPayload: unknown;
  readonly issuedChain: readonly string[] | undefined;
  polls: number;
}

interface Assignment {
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
  readonly accepted: AcceptedDevice;
  readonly registration: ParsedRegistration;
  /** The operational certificate that was issued for this registration: base64 DER, leaf first. */
  readonly issuedChain?: readonly string[] | undefined;
  readonly operationIdForm?: OperationIdForm | undefined;
  readonly now: Date;
}

/** How an operation ID starts; the oldest form starts with the registrationId. */
export type OperationIdForm = '0' | '2' | '4' | '5' | 'registrationId';

export interface StatusRequest {
  readonly registrationId: string;
  readonly operationId: string;
  readonly now: Date;
}

const maxOperations = 50_000;

export function createServiceState(): ServiceState {
  return { operations: new Map(), assignments: new Map() };
}

export function register(state: ServiceState, rules: ServiceRules, request: RegisterRequest): ServiceResponse {
  const { registrationId, apiVersion, accepted, registration, issuedChain, operationIdForm, now } = request;
  if (registration.kind === 'invalid') return errorResponse(400, 400004, registration.message, now);
  // For a disabled enrollment, the operation has finished and has no ID
  if (accepted.enrollment.provisioningStatus === 'disabled') return finished('', registrationId, 'disabled', now);

  const { returnPayload, allocationPolicy } = accepted.enrollment;
  const payload = returnPayload ?? (allocationPolicy === 'custom' ? registration.payload : undefined);
  const operation: Operation = {
    operationId: newOperationId(rules.idScope, registrationId, operationIdForm),
    registrationId,
    apiVersion,
    accepted,
    returnPayload: returnsPayload(apiVersion) ? payload : undefined,
    issuedChain,
    polls: 0,
  };
  remember(state, operation);
  const note = registration.notes.join('; ') || undefined;
  return { ...assigning(operation.operationId, rules.retryAfterSeconds, undefined), note };
}

export function queryStatus(state: ServiceState, rules: ServiceRules, request: StatusRequest): ServiceResponse {
  const { registrationId, operationId, now } = request;
  const operation = state.operations.get(operationId);
  // "The operation id in this message should be the same value as that received in the RegistrationOperationStatus
  // response message in the previous step" (document, "Polling for registration operation status")
  if (operation === undefined || operation.registrationId !== registrationId)
    return errorResponse(404, 404000, 'Operation not found.', now);
  operation.polls += 1;
  if (operation.polls <= rules.assigningPolls) return assigning(operationId, rules.retryAfterSeconds, registrationId);
  return assigned(state, rules, operationId, now) ?? errorResponse(404, 404000, 'Operation not found.', now);
}

/** The 200 of a successful operation; undefined when the operation does not exist. */
export function assigned(
  state: ServiceState,
  rules: ServiceRules,
  operationId: string,
  now: Date,
): ServiceResponse | undefined {
  const operation = state.operations.get(operationId);
  if (operation === undefined) return undefined;
  const { registrationId, apiVersion, accepted, returnPayload, issuedChain } = operation;
  const key = registrationId.toLowerCase();
  const assignment = state.assignments.get(key) ?? {
    assignedHub: allocateHub(accepted.enrollment, registrationId, rules.linkedHubs),
    createdDateTimeUtc: utc(now),
  };
  state.assignments.set(key, assignment);
  const registrationState = {
    ...attestationState(accepted),
    registrationId,
    createdDateTimeUtc: assignment.createdDateTimeUtc,
    assignedHub: assignment.assignedHub,
    deviceId: accepted.deviceId,
    status: 'assigned',
    // Also when the device registers again and gets the same hub
    substatus: 'initialAssignment',
    lastUpdatedDateTimeUtc: utc(now),
    etag: Buffer.from(`"${randomUUID()}"`).toString('base64'),
    ...(returnPayload === undefined ? {} : { payload: returnPayload }),
    ...(issuedChain === undefined ? {} : { issuedCertificateChain: issuedChain }),
    ...(reportsConnectionProfile(apiVersion) ? { connectionProfile: accepted.enrollment.connectionProfile } : {}),
  };
  return { status: 200, body: { operationId, status: 'assigned', registrationState } };
}

function attestationState({ credential, certificate, enrollmentGroupId }: AcceptedDevice): Record<string, unknown> {
  return credential.kind === 'x509'
    ? { x509: { certificateInfo: certificateInfo(certificate), enrollmentGroupId } }
    : { symmetricKey: { enrollmentGroupId } };
}

/**
 * The hub of a device. `hashed` distributes registrationIds evenly and always assigns the same hub to one. The other policies take the
 * first hub: on one machine none is nearer, and no webhook is called.
 */
function allocateHub(
  enrollment: IndividualEnrollment | EnrollmentGroup,
  registrationId: string,
  linkedHubs: readonly [string, ...string[]],
): string {
  const named = enrollment.iotHubHostName === undefined ? enrollment.iotHubs : [enrollment.iotHubHostName];
  const hubs = named ?? linkedHubs;
  if (hubs.length === 1 || enrollment.allocationPolicy !== 'hashed') return hubs[0] ?? linkedHubs[0];
  const spread = hash('sha256', registrationId.toLowerCase(), 'buffer').readUInt32BE(0);
  return hubs[spread % hubs.length] ?? linkedHubs[0];
}

function remember(state: ServiceState, operation: Operation): void {
  state.operations.set(operation.operationId, operation);
  if (state.operations.size <= maxOperations) return;
  const [oldest] = state.operations.keys();
  if (oldest !== undefined) state.operations.delete(oldest);
}

/** In the form of the real ones: `4.{sixteen hexadecimal digits of the service}.{uuid}`. */
export function newOperationId(idScope: string, registrationId: string, form: OperationIdForm = '4'): string {
  if (form === 'registrationId') return `${registrationId}.${randomUUID()}`;
  return `${form}.${hash('sha256', idScope, 'hex').slice(0, 16)}.${randomUUID()}`;
}
