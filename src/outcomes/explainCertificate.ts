import type { HubRefused, RenewalRejected, RenewalTimedOut } from '../hub/hubResult.ts';
import { explainRenewal } from '../hub/renewalErrors.ts';
import { isUntrusted } from './operationalCertificate.ts';
import type { CertificateNotIssued } from './outcome.ts';

interface Explanation {
  readonly what: string;
  readonly next: string;
}

export function explainNotIssued({ phase, cause, message, assignedHub }: CertificateNotIssued): Explanation {
  const issuer = phase === 'hub' ? `the hub ${assignedHub}` : 'DPS';
  if (cause === 'missing') {
    return {
      what: `assigned to ${assignedHub}, but ${issuer} issued no operational certificate: ${message}`,
      next:
        phase === 'hub'
          ? "read the transcript, and open a ticket: the hub's response 200 has no certificates"
          : 'give the enrollment a credential policy, and check that DPS and the hub are linked to its device registry namespace',
    };
  }
  return {
    what: `assigned to ${assignedHub}, but ${issuer} issued a certificate that this device cannot use (${cause}): ${message}`,
    next: nextForFault(cause),
  };
}

function nextForFault(cause: Exclude<CertificateNotIssued['cause'], 'missing'>): string {
  switch (cause) {
    case 'malformed':
      return 'read the transcript: it may be a new form of response; open a ticket, for devices cannot read it either';
    case 'notOurKey':
      return 'treat this as a security incident: the certificate is for the key of somebody else. Check what answers as DPS and as the certificate authority';
    case 'wrongName':
      return 'check the credential policy, and which device the certificate was made for: the hub accepts it for that one only';
    case 'notInValidity':
      return "compare the credential policy's validity and this machine's clock with the dates of the chain";
    case 'brokenChain':
      return 'check the issuing CA of the credential policy and its root in the device registry: devices present this chain as it is';
  }
}

/** Undefined where the hub has refused the device for another reason. */
export function explainUntrusted(refused: HubRefused): Explanation | undefined {
  if (!isUntrusted(refused)) return undefined;
  const { credential, cause, assignedHub } = refused;
  const why =
    cause.kind === 'connectionRefused'
      ? `CONNACK ${cause.returnCode}: ${cause.message}`
      : `the TLS handshake was refused: ${cause.kind === 'tlsFailed' ? cause.code : cause.kind}`;
  return credential === 'renewedCertificate'
    ? {
        what: `the hub ${assignedHub} renewed the certificate, but does not accept the new one: ${why}`,
        next: 'run the credential sync, and open a ticket if it stays: devices that renew lose their hub with their next connection',
      }
    : {
        what: `an operational certificate was issued, but the hub ${assignedHub} does not trust it: ${why}`,
        next: "run the credential sync: the issuing CA of the credential policy has to be in this hub. Check the hub's link to the device registry namespace",
      };
}

export function explainRenewalRejected(rejected: RenewalRejected): Explanation {
  const { status, errorCode, message, trackingId, retryAfterSeconds, info = {} } = rejected;
  const { meaning, next } = explainRenewal(rejected);
  const details = [
    errorCode === undefined ? '' : `errorCode ${errorCode}`,
    message ? `"${message}"` : '',
    trackingId ? `trackingId ${trackingId}` : '',
    retryAfterSeconds === undefined ? '' : `retry after ${retryAfterSeconds} s`,
    ...Object.entries(info).map(([name, value]) => `${name} ${value}`),
  ].filter(Boolean);
  const quoted = details.length === 0 ? '' : ` (${details.join(', ')})`;
  return { what: `the hub responded ${status} to the renewal: ${meaning}${quoted}`, next };
}

export function explainRenewalTimeout({ correlationId, operationExpires }: RenewalTimedOut): Explanation | undefined {
  if (correlationId === undefined && operationExpires === undefined) return undefined;
  const expires = operationExpires === undefined ? '' : `, which expires at ${operationExpires}`;
  return {
    what: `the hub accepted the renewal and did not finish it before the deadline (correlationId ${correlationId ?? 'missing'}${expires})`,
    next: "look at Azure's service health, and open a ticket with the correlationId if it stays: devices keep their old certificates until these expire",
  };
}
