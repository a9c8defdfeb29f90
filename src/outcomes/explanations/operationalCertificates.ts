import type { HubRefused, RenewalRejected, RenewalTimedOut } from '../../hub/hubResult.ts';
import { isUntrusted } from '../operationalCertificate.ts';
import type { CertificateNotIssued } from '../outcome.ts';
import { type Advice, type Explanation, quote } from './explanation.ts';
import { explainRenewal } from './renewalErrors.ts';

const source = 'https://learn.microsoft.com/azure/iot-dps/concept-certificate-issuance';

/** Advice for each check of an issued chain. */
const issuanceAdvice: { readonly [cause in Exclude<CertificateNotIssued['cause'], 'missing'>]: Advice } = {
  malformed: {
    next: 'Read the transcript: it may be a new form of response. Open a ticket, for devices cannot read it either',
    source,
  },
  notOurKey: {
    next: 'Treat this as a security incident: the certificate is for a key that this device does not have. Check what responds as DPS and as the certificate authority',
    source,
  },
  wrongName: {
    next: 'Check the credential policy, and which device the certificate was made for: the hub accepts it for that one only',
    source,
  },
  notInValidity: {
    next: "Compare the credential policy's validity and this machine's clock with the dates of the chain",
    source,
  },
  brokenChain: {
    next: 'Check the issuing CA of the credential policy and its root in the device registry: devices present this chain as it is',
    source,
  },
};

export function explainNotIssued({ phase, cause, message, assignedHub }: CertificateNotIssued): Explanation {
  const issuer = phase === 'hub' ? `the hub ${assignedHub}` : 'DPS';
  if (cause === 'missing') {
    return {
      what: `Assigned to ${assignedHub}, but ${issuer} issued no operational certificate: ${message}`,
      next:
        phase === 'hub'
          ? "Read the transcript, and open a ticket: the hub's response 200 has no certificates"
          : 'Give the enrollment a credential policy, and check that DPS and the hub are linked to its device registry namespace',
      source,
    };
  }
  return {
    what: `Assigned to ${assignedHub}, but ${issuer} issued a certificate that this device cannot use (${cause}): ${message}`,
    ...issuanceAdvice[cause],
  };
}

/** Undefined when the hub refused the device for another reason. */
export function explainUntrusted(refused: HubRefused): Explanation | undefined {
  if (!isUntrusted(refused)) return undefined;
  const { credential, cause, assignedHub } = refused;
  const why =
    cause.kind === 'connectionRefused'
      ? `CONNACK ${cause.returnCode}: ${cause.message}`
      : `the TLS handshake was refused: ${cause.kind === 'tlsFailed' ? cause.code : cause.kind}`;
  return credential === 'renewedCertificate'
    ? {
        what: `The hub ${assignedHub} renewed the certificate, but does not accept the new one: ${why}`,
        next: 'Run the credential sync, and open a ticket if it stays: devices that renew lose their hub with their next connection',
        source,
      }
    : {
        what: `An operational certificate was issued, but the hub ${assignedHub} does not trust it: ${why}`,
        next: "Run the credential sync: the issuing CA of the credential policy has to be in this hub. Check the hub's link to the device registry namespace",
        source,
      };
}

/**
 * A server may close the connection when it refuses a client certificate (azure-iot-sdk-python#797), so the network is not the only
 * possible cause.
 */
export function usualReasonForClosing({ credential, cause }: HubRefused): Partial<Pick<Explanation, 'usually'>> {
  const isClosed = cause.kind === 'connectionLost' && (cause.phase === 'tls' || cause.phase === 'mqttConnect');
  if (credential === undefined || !isClosed) return {};
  return {
    usually:
      'Usually the network, or a hub that does not trust the issuing CA and closes the connection without a reason: compare with probes without requestCertificate, and run the credential sync',
  };
}

export function explainRenewalRejected(rejected: RenewalRejected): Explanation {
  const { status, retryAfterSeconds, info = {} } = rejected;
  const { meaning, ...advice } = explainRenewal(rejected);
  const details = [
    retryAfterSeconds === undefined ? '' : `retry after ${retryAfterSeconds} s`,
    ...Object.entries(info).map(([name, value]) => `${name} ${value}`),
  ];
  return { what: `The hub responded ${status} to the renewal: ${meaning}${quote(rejected, details)}`, ...advice };
}

export function explainRenewalTimeout({ correlationId, operationExpires }: RenewalTimedOut): Explanation | undefined {
  if (correlationId === undefined && operationExpires === undefined) return undefined;
  const expires = operationExpires === undefined ? '' : `, which expires at ${operationExpires}`;
  return {
    what: `The hub accepted the renewal and did not finish it before the deadline (correlationId ${correlationId ?? 'missing'}${expires})`,
    next: "Check Azure's service health, and open a ticket with the correlationId if it stays: devices keep their old certificates until these expire",
    source,
  };
}
