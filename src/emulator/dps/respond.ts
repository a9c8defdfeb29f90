/** The service's response to one request of a device, including faults. */
import { randomUUID } from 'node:crypto';
import { issueChain } from '../credentials/issueChain.ts';
import type { Device, Dps } from './device.ts';
import type { AcceptedDevice, RefusedDevice } from './enrollments.ts';
import { respondWithFaults } from './faults/faultResponses.ts';
import { faultAt } from './faults/faults.ts';
import { isKnownApiVersion } from './identity.ts';
import { type ParsedRegistration, parseRegistration } from './registration.ts';
import { assigning, errorResponse, finished, type ServiceResponse } from './responses.ts';
import { assigned, newOperationId, queryStatus, register } from './service.ts';
import type { DeviceRequest } from './topics.ts';

/** Returns a promise only if a certificate must be issued first. */
export function respond(
  dps: Dps,
  device: Device,
  request: DeviceRequest,
  body: string,
): ServiceResponse | Promise<ServiceResponse> {
  const { decision } = device;
  const now = new Date();
  if (decision.kind === 'refused')
    return withFaults(dps, device, request, () => refusalOf(dps, device.registrationId, decision, request, now));
  if (!isKnownApiVersion(device.apiVersion))
    return withFaults(dps, device, request, () =>
      errorResponse(400, 400004, `Unsupported API version ${device.apiVersion}.`, now),
    );
  const respondTo = (make: () => ServiceResponse): ServiceResponse => {
    const response = withFaults(dps, device, request, make);
    registerAtHub(dps, device.registrationId, decision, response);
    return response;
  };
  if (request.kind === 'poll') {
    const { registrationId } = device;
    return respondTo(() =>
      queryStatus(dps.state, dps.rules, { registrationId, operationId: request.operationId, now }),
    );
  }
  const { strict } = dps.configuration;
  const registration = parseRegistration(body, { ...device, strict });
  const operationIdForm = faultAt(device.faults, 'operationId', 'register')?.form;
  const registerDevice = (issuedChain?: readonly string[]) =>
    respondTo(() =>
      register(dps.state, dps.rules, {
        ...device,
        accepted: decision,
        registration,
        issuedChain,
        operationIdForm,
        now,
      }),
    );
  const issuing = issueFor(dps, device, decision, registration);
  return issuing === undefined ? registerDevice() : issuing.then(registerDevice);
}

/** Refuses a wrong credential as known from public reports: CONNECT and SUBSCRIBE succeed, and the response is 401. */
function refusalOf(
  { configuration, rules }: Dps,
  registrationId: string,
  { status, errorCode, message }: RefusedDevice,
  request: DeviceRequest,
  now: Date,
): ServiceResponse {
  if (configuration.refuseAt !== 'failed') return errorResponse(status, errorCode, message, now);
  if (request.kind === 'register')
    return assigning(newOperationId(rules.idScope, registrationId), rules.retryAfterSeconds, undefined);
  return finished(request.operationId, registrationId, 'failed', now, { errorCode, errorMessage: message });
}

/** Issues the chain for a device that requests one and whose enrollment has a policy; otherwise undefined. */
function issueFor(
  dps: Dps,
  { registrationId, faults }: Device,
  { enrollment }: AcceptedDevice,
  registration: ParsedRegistration,
): Promise<readonly string[] | undefined> | undefined {
  if (registration.kind === 'invalid' || registration.certificateRequest === undefined) return undefined;
  const policy = dps.policies.get(enrollment.credentialPolicyName ?? '');
  if (policy === undefined || enrollment.provisioningStatus === 'disabled') return undefined;
  const { publicKey } = registration.certificateRequest;
  const fault = faultAt(faults, 'issuedCertificate', 'register');
  return issueChain(policy, { commonName: registrationId, publicKey }, fault?.chain);
}

function withFaults(
  dps: Dps,
  { registrationId, faults }: Device,
  request: DeviceRequest,
  defaultResponse: () => ServiceResponse,
): ServiceResponse {
  if (faults.length === 0) return defaultResponse();
  const counted = `${request.kind} ${registrationId}`;
  const count = (dps.counts.get(counted) ?? 0) + 1;
  dps.counts.set(counted, count);
  const now = new Date();
  return respondWithFaults(faults, {
    phase: request.kind,
    registrationId,
    operationId: request.kind === 'poll' ? request.operationId : `4.0000000000000000.${randomUUID()}`,
    count,
    now,
    retryAfterSeconds: dps.rules.retryAfterSeconds,
    defaultResponse,
    assignedNow: () => {
      const registered = defaultResponse();
      const { operationId } = registered.body as { readonly operationId?: unknown };
      return assigned(dps.state, dps.rules, String(operationId), now) ?? registered;
    },
  });
}

/** Registers an assigned device with the IoT Hub stand-in, as the service creates it in its hub. */
function registerAtHub(
  dps: Dps,
  registrationId: string,
  { credential, enrollment }: AcceptedDevice,
  { status, body }: ServiceResponse,
): void {
  if (status !== 200 || typeof body !== 'object' || body === null) return;
  const { registrationState } = body as {
    readonly registrationState?: { readonly assignedHub?: string; readonly deviceId?: string };
  };
  if (registrationState?.assignedHub === undefined || registrationState.deviceId === undefined) return;
  const { assignedHub, deviceId } = registrationState;
  const policy = dps.policies.get(enrollment.credentialPolicyName ?? '');
  const operational = policy === undefined ? undefined : { policy, registrationId };
  dps.registry?.put({ hub: assignedHub, deviceId, credential, operational });
}
