import { credentialProblems } from '../attestation/credentialProblems.ts';
import { explainError } from '../dps/errorCodes.ts';
import type { ServiceError } from '../dps/registrationResult.ts';
import { vaultProblems } from '../keyvault/vaultProblems.ts';
import { isCertificateAlert } from '../transport/socketFailure.ts';
import type { TransportFailure } from '../transport/transportFailure.ts';
import {
  explainNotIssued,
  explainRenewalRejected,
  explainRenewalTimeout,
  explainUntrusted,
} from './explainCertificate.ts';
import { isNotRenewed } from './operationalCertificate.ts';
import type { NotRun, ProbeResult } from './outcome.ts';

/** What happened and where, and what to do next: one sentence each, for the person on call. */
export interface Explanation {
  readonly what: string;
  readonly next: string;
}

export function explain(result: ProbeResult): Explanation {
  switch (result.kind) {
    case 'assigned':
      return { what: `assigned to ${result.assignedHub} as ${result.deviceId}`, next: 'nothing' };
    case 'failed': {
      const { meaning, next } = explainFailed(result);
      return { what: `the registration failed in phase ${result.phase}: ${meaning}${quote(result)}`, next };
    }
    case 'disabled':
      return {
        what: `the enrollment is disabled (answered in phase ${result.phase})`,
        next: 'enable the enrollment in DPS, or find out who disabled it',
      };
    case 'rejected': {
      const { meaning, next } = explainError(result.status, result.errorCode);
      return { what: `DPS answered ${result.status} in phase ${result.phase}: ${meaning}${quote(result)}`, next };
    }
    case 'throttled': {
      const { meaning, next } = explainError(429);
      return { what: `DPS answered 429 in phase ${result.phase} until the deadline: ${meaning}${quote(result)}`, next };
    }
    case 'certificateNotIssued':
      return explainNotIssued(result);
    case 'hubRefused': {
      const untrusted = explainUntrusted(result);
      if (untrusted) return untrusted;
      const { what, next } = explainHubRefusal(result.cause);
      const { assignedHub, deviceId, verification } = result;
      return isNotRenewed(result)
        ? { what: `accepted by ${assignedHub} as ${deviceId}, but the certificate was not renewed: ${what}`, next }
        : {
            what: `assigned to ${assignedHub}, but the hub did not let ${deviceId} in (${verification}): ${what}`,
            next,
          };
    }
    case 'notRun':
      return explainNotRun(result);
    default:
      return explainTransport(result);
  }
}

function explainTransport(failure: TransportFailure): Explanation {
  switch (failure.kind) {
    case 'unreachable':
      return failure.phase === 'dns'
        ? {
            what: `the endpoint's name does not resolve: ${failure.code}`,
            next: 'check the spelling of globalDeviceEndpoint, and the DNS that this instance uses',
          }
        : {
            what: `nothing answers on the endpoint's port: ${failure.code}`,
            next: 'check firewalls and network rules for this port (8883, or 443 with mqtt-ws)',
          };
    case 'tlsFailed':
      return explainTls(failure);
    case 'webSocketRefused':
      return {
        what: `the WebSocket upgrade failed: ${failure.message}`,
        next: 'look for a proxy or TLS inspection on the way: DPS answers 101 with subprotocol mqtt',
      };
    case 'connectionRefused':
      return {
        what: `the MQTT connection was refused with CONNACK ${failure.returnCode}: ${failure.message}`,
        next:
          failure.returnCode === 3
            ? "look at Azure's service health"
            : 'compare idScope, registrationId and the key or certificate in Key Vault with the enrollment',
      };
    case 'subscriptionRefused':
      return {
        what: `the subscription was refused with SUBACK ${failure.returnCode}`,
        next: "look at Azure's service health; the filter is the documented one",
      };
    case 'connectionLost':
      return {
        what: `the connection was lost in phase ${failure.phase}: ${failure.code}`,
        next: 'look for a firewall that cuts connections, and at whether other locations see the same',
      };
    case 'timedOut':
      return {
        what: `timed out in phase ${failure.phase}: ${failure.message}`,
        next: nextAfterTimeout(failure.phase),
      };
    case 'malformedResponse':
      return {
        what: `an answer in phase ${failure.phase} is not what the protocol allows: ${failure.message}`,
        next: 'read the transcript: it may be another server than DPS, or a new form of answer',
      };
  }
}

function explainTls({ refusedBy, code, message }: Extract<TransportFailure, { kind: 'tlsFailed' }>): Explanation {
  if (refusedBy === 'client') {
    return {
      what: `TLS failed: ${message}`,
      next: 'compare the chain in this outcome with the one expected: an expired certificate, a new root, or a proxy that opens TLS',
    };
  }
  const what = `the server refused the TLS handshake: ${code}`;
  return isCertificateAlert(code)
    ? { what, next: "check the device certificate's validity and chain against the enrollment" }
    : {
        what,
        next: 'look for a proxy or an old TLS version between here and the service: DPS speaks TLS 1.2 and newer',
      };
}

function nextAfterTimeout(phase: TransportFailure['phase']): string {
  switch (phase) {
    case 'dns':
      return 'check the DNS that this instance uses';
    case 'tcp':
      return 'look for a firewall that drops packets to this port (8883, or 443 with mqtt-ws)';
    case 'tls':
    case 'webSocket':
      return 'look for a proxy or TLS inspection on the way';
    case 'assign':
      return 'look at the linked hubs and at the custom allocation webhook: DPS accepted the device, and did not finish';
    default:
      return "look at Azure's service health, and at whether other locations see the same";
  }
}

function explainHubRefusal(cause: Extract<ProbeResult, { kind: 'hubRefused' }>['cause']): Explanation {
  switch (cause.kind) {
    case 'hubNotAllowed':
      return {
        what: cause.message,
        next: 'find out who linked this hub; if it is right, add it to expect.assignedHub',
      };
    case 'twinRejected':
      return { what: cause.message, next: "look at the hub's service health and its limits" };
    case 'renewalRejected':
      return explainRenewalRejected(cause);
    case 'timedOut':
      return explainRenewalTimeout(cause) ?? explainTransport(cause);
    case 'connectionRefused':
      return {
        what: `CONNACK ${cause.returnCode}: ${cause.message}`,
        next: "check that the device exists and is enabled in the hub, and that DPS's link to the hub has the hub's present key",
      };
    default:
      return explainTransport(cause);
  }
}

/** A `failed` registration carries the hub's or the webhook's own words, and those are what tells. */
function explainFailed({ errorCode, message }: ServiceError): { readonly meaning: string; readonly next: string } {
  if (message && /unauthorized/i.test(message) && /hub/i.test(message)) {
    return {
      meaning: "DPS cannot get into the linked hub: the hub's key that DPS holds is stale",
      next: 'link the hub again in DPS (Linked IoT hubs), with its present key (azure-iot-sdk-c#1789)',
    };
  }
  return explainError(undefined, errorCode);
}

function explainNotRun({ cause, detail, message }: NotRun): Explanation {
  const next = detail ? { ...credentialProblems, ...vaultProblems }[detail].next : nextForNotRun(cause);
  return { what: `the probe did not run: ${message}`, next };
}

function nextForNotRun(cause: NotRun['cause']): string {
  switch (cause) {
    case 'notFound':
      return 'create the secret in Key Vault, or correct its name in the probe';
    case 'forbidden':
      return "give this app's identity the role Key Vault Secrets User, and check the vault's network rules";
    case 'disabled':
      return 'enable the secret in Key Vault';
    case 'expired':
      return 'put a new version of the secret into Key Vault, and into the enrollment';
    case 'notYetValid':
      return "check the secret's activation date";
    case 'throttled':
      return 'look for who else reads this vault; the probe runs again at the next tick';
    case 'unreachable':
      return 'check KEY_VAULT_URL, DNS and the network between this app and the vault';
    case 'unauthenticated':
      return "check the app's managed identity and AZURE_CLIENT_ID (locally: az login)";
    case 'invalidCredential':
      return 'put the key or certificate into Key Vault as DPS shows it';
    case 'timedOut':
      return 'check the network between this app and the vault; raise timeoutSeconds if it is slow by nature';
    case 'unexpected':
      return "read the error's stack in the app's log, and report it as an issue of DPS Canary";
    case 'deviceBusy':
      return 'give each probe a device of its own, and do not run this one on demand all the time';
    case 'outOfTime':
      return 'run npm run validate: it shows how long a scheduled run can take. Use fewer probes, shorter timeouts or everyMinutes';
    case 'cancelled':
    case 'neverRun':
      return 'start it again if it is still wanted';
  }
}

/** The service's own words, and what its support asks for. */
function quote({ errorCode, message, trackingId }: ServiceError): string {
  const parts = [
    errorCode === undefined ? '' : `errorCode ${errorCode}`,
    message ? `"${message}"` : '',
    trackingId ? `trackingId ${trackingId}` : '',
  ].filter(Boolean);
  return parts.length === 0 ? '' : ` (${parts.join(', ')})`;
}
