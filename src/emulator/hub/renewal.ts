/**
 * Renewal of an operational certificate at the hub: 202 with a correlation ID, and later 200 with the new chain, or an error. One operation
 * per device at a time. The new certificate is used for the next connection; the current one stays open.
 */
import { randomUUID } from 'node:crypto';
import { judgeCertificateRequest } from '../credentials/certificateRequest.ts';
import { issueChain } from '../credentials/issueChain.ts';
import { type ConnectedDevice, type Hub, type HubSession, packetOf } from './hubSession.ts';
import {
  type PendingRenewal,
  parseRenewalRequest,
  type RenewalRequest,
  type RenewalResponse,
  renewalError,
  utc,
} from './renewalRequest.ts';
import { credentialResponseFilter } from './topics.ts';

interface ReceivedRenewal {
  readonly device: ConnectedDevice;
  readonly rid: string;
  readonly body: string;
  readonly record: (answer: number | undefined, note: string | undefined) => undefined;
}

const defaultExpirySeconds = 600;

export function handleRenewal(
  hub: Hub,
  session: HubSession,
  { device, rid, body, record }: ReceivedRenewal,
): undefined {
  // A request before the subscription gets no response
  if (!device.subscribed.has(credentialResponseFilter))
    return record(undefined, 'not subscribed to $iothub/credentials/res/#');
  const { deviceId, fault } = device;
  const reject = (response: RenewalResponse, note?: string): undefined => {
    record(response.status, note ?? String(response.body.message));
    return send(device, session, rid, response);
  };
  if (fault?.kind === 'renewalThrottled')
    return reject(
      renewalError(429, fault.errorCode, 'Too many requests.', null, { retryAfter: fault.retryAfterSeconds }),
      fault.kind,
    );
  if (fault?.kind === 'renewalRefused' && !fault.after202) return reject(refusal(fault), fault.kind);

  const request = parseRenewalRequest(body, deviceId);
  if ('status' in request) return reject(request);
  const refused = conflict(hub, deviceId, request);
  if (refused !== undefined) return reject(refused);

  const expiresInSeconds = fault?.kind === 'renewalNeverFinished' ? fault.expiresInSeconds : defaultExpirySeconds;
  const expiresAtMs = Date.now() + expiresInSeconds * 1000;
  const pending: PendingRenewal = { rid, correlationId: randomUUID(), expiresAtMs, result: undefined };
  hub.renewals.set(deviceId, pending);
  record(202, fault?.kind);
  const { correlationId } = pending;
  send(device, session, rid, { status: 202, body: { correlationId, operationExpires: utc(expiresAtMs) } });
  if (fault?.kind !== 'renewalNeverFinished') void finish(hub, session, { device, request, pending });
}

/** Sends a finished result if the device is connected and subscribed. Returns whether it was sent. */
export function deliverFinishedRenewal(hub: Hub, deviceId: string): boolean {
  const pending = hub.renewals.get(deviceId);
  const session = hub.connected.get(deviceId);
  const device = session?.state;
  if (pending?.result === undefined || session === undefined || device === undefined) return false;
  if (!device.subscribed.has(credentialResponseFilter)) return false;
  hub.renewals.delete(deviceId);
  send(device, session, pending.rid, pending.result);
  return true;
}

/** The error of a request that conflicts with the pending one, or that replaces none. */
function conflict(hub: Hub, deviceId: string, { replace }: RenewalRequest): RenewalResponse | undefined {
  const pending = hub.renewals.get(deviceId);
  const active = pending !== undefined && pending.expiresAtMs > Date.now() ? pending : undefined;
  if (replace === '*') return undefined;
  if (replace !== undefined)
    return active?.rid === replace
      ? undefined
      : renewalError(412, 412001, 'No request is pending under the id in replace.');
  if (active === undefined) return undefined;
  const { rid: requestId, correlationId, expiresAtMs } = active;
  const info = { requestId, correlationId, operationExpires: utc(expiresAtMs) };
  return renewalError(409, 409004, 'Another operation is active.', info);
}

interface Operation {
  readonly device: ConnectedDevice;
  readonly request: RenewalRequest;
  readonly pending: PendingRenewal;
}

async function finish(hub: Hub, session: HubSession, { device, request, pending }: Operation): Promise<void> {
  const { deviceId, registered } = device;
  const delayMs = (registered.operational?.policy.renewalSeconds ?? 0) * 1000;
  if (delayMs > 0) await hub.delay(delayMs);
  pending.result = await resultOf(hub, device, request, pending).catch((cause: unknown) =>
    renewalError(500, 500001, `An error of the stand-in: ${cause instanceof Error ? cause.message : String(cause)}`),
  );
  // A newer request may have replaced this one
  if (hub.renewals.get(deviceId) !== pending) return;
  const note = deliverFinishedRenewal(hub, deviceId) ? undefined : 'stored until the device subscribes again';
  const { rid, result } = pending;
  hub.history.record({ ...packetOf(session, deviceId), kind: 'renewalFinished', rid, answer: result.status, note });
}

async function resultOf(
  hub: Hub,
  { deviceId, registered: { operational }, fault }: ConnectedDevice,
  { csr, why }: RenewalRequest,
  { correlationId }: PendingRenewal,
): Promise<RenewalResponse> {
  if (fault?.kind === 'renewalRefused') return refusal(fault);
  if (operational === undefined) return notAccepted('NoCredentialPolicy', 'The device has no credential policy.');
  if (csr === undefined) return notAccepted('InvalidCsr', `The csr ${why}.`);
  // If the two differ, it is not known which one a renewal has
  const verdict = judgeCertificateRequest(csr, [operational.registrationId, deviceId], hub.strict);
  if (verdict.kind === 'refused') return notAccepted('InvalidCsr', `The csr ${verdict.why}.`);
  const { publicKey } = csr;
  const commonName = csr.commonNames[0] ?? deviceId;
  const chainFault = fault?.kind === 'renewedCertificate' ? fault.chain : undefined;
  const certificates = await issueChain(operational.policy, { commonName, publicKey }, chainFault);
  return { status: 200, body: { correlationId, ...(certificates === undefined ? {} : { certificates }) } };
}

function notAccepted(credentialError: string, credentialMessage: string): RenewalResponse {
  return renewalError(400, 400037, 'The certificate was not issued.', { credentialError, credentialMessage });
}

interface Refusal {
  readonly status: number;
  readonly errorCode?: number | undefined;
  readonly message: string;
  readonly info: Record<string, unknown> | null;
}

function refusal({ status, errorCode, message, info }: Refusal): RenewalResponse {
  return renewalError(status, errorCode ?? status * 1000 + 1, message, info);
}

function send(device: ConnectedDevice, session: HubSession, rid: string, { status, body }: RenewalResponse): undefined {
  const qos = device.subscribed.get(credentialResponseFilter) ?? 0;
  const deliver = (to: string) =>
    session.deliver(`$iothub/credentials/res/${status}/?$rid=${to}`, JSON.stringify(body), qos);
  if (device.fault?.kind === 'renewalForeignRid') {
    deliver(`${rid}-foreign`);
    if (!device.fault.thenRight) return;
  }
  deliver(rid);
}
