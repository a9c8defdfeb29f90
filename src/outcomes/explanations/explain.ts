import type { Failed } from '../../dps/registrationResult.ts';
import type { HubRefused } from '../../hub/hubResult.ts';
import { isNotRenewed } from '../operationalCertificate.ts';
import type { ProbeResult } from '../outcome.ts';
import { type ExplainedProbe, type Explanation, quote } from './explanation.ts';
import { explainNotRun } from './notRun.ts';
import {
  explainNotIssued,
  explainRenewalRejected,
  explainRenewalTimeout,
  explainUntrusted,
  usualReasonForClosing,
} from './operationalCertificates.ts';
import { explainServiceError } from './serviceErrors.ts';
import { explainTransport } from './transportFailures.ts';

const troubleshooting = 'https://learn.microsoft.com/azure/iot-dps/how-to-troubleshoot-dps';

/** Explains a result: what happened, the usual cause, and what to do next. */
export function explain(result: ProbeResult, probe: ExplainedProbe): Explanation {
  switch (result.kind) {
    case 'assigned':
      return {
        what: `Assigned to ${result.assignedHub} as ${result.deviceId}`,
        next: 'Nothing is wrong with the registration itself',
        source: troubleshooting,
      };
    case 'failed':
      return explainFailed(result, probe);
    case 'disabled':
      return {
        what: `The enrollment is disabled (reported by DPS in phase ${result.phase})`,
        next: 'Enable the enrollment in DPS, or find out who disabled it',
        source: 'https://learn.microsoft.com/azure/iot-dps/how-to-revoke-device-access-portal',
      };
    case 'rejected': {
      const { meaning, ...advice } = explainServiceError(result, probe);
      return { what: `DPS responded ${result.status} in phase ${result.phase}: ${meaning}${quote(result)}`, ...advice };
    }
    case 'throttled': {
      const { meaning, ...advice } = explainServiceError({ status: 429 }, probe);
      const what = `DPS responded 429 in phase ${result.phase} until the deadline: ${meaning}${quote(result)}`;
      return { what, ...advice };
    }
    case 'certificateNotIssued':
      return explainNotIssued(result);
    case 'hubRefused':
      return explainUntrusted(result) ?? explainHubRefusal(result, probe);
    case 'notRun':
      return explainNotRun(result);
    default:
      return explainTransport(result, { role: 'dps', host: probe.globalDeviceEndpoint }, probe);
  }
}

/** DPS may fail because the hub refuses DPS itself; the device's credential is not the cause then. */
export function isStaleHubLink({ message = '', isNested }: Failed): boolean {
  return (
    /IotHubUnauthorizedAccess/i.test(message) || (/unauthorized/i.test(message) && (isNested || /hub/i.test(message)))
  );
}

function explainFailed(result: Failed, probe: ExplainedProbe): Explanation {
  const failed = `The registration failed in phase ${result.phase}`;
  if (isStaleHubLink(result)) {
    return {
      what: `${failed}: the linked hub refuses DPS${quote(result)}`,
      usually: "Usually the hub's access key was regenerated, and DPS still holds the old one",
      next: 'Link the hub again in DPS (Linked IoT hubs), with its present key',
      source: 'azure-iot-sdk-c#1789',
    };
  }
  if (result.errorCode === undefined) {
    return {
      what: `${failed}, without an error code${quote(result)}`,
      usually: 'Usually the custom allocation webhook or a linked hub failed; the message is their own',
      next: "Read the allocation function's logs, check the linked hubs, and see whether the next run succeeds",
      source: 'azure-docs#57082; seen: "An error occurred while sending the request."',
    };
  }
  const { meaning, ...advice } = explainServiceError(result, probe);
  return { what: `${failed}: ${meaning}${quote(result)}`, ...advice };
}

function explainHubRefusal(refused: HubRefused, probe: ExplainedProbe): Explanation {
  const { assignedHub, deviceId, verification, cause } = refused;
  const { what, ...advice } = explainHubCause(assignedHub, cause, probe);
  const failed = isNotRenewed(refused)
    ? `Accepted by ${assignedHub} as ${deviceId}, but the certificate was not renewed`
    : `Assigned to ${assignedHub}, but the hub check (${verification}) of ${deviceId} failed`;
  return { what: `${failed}. ${what}`, ...advice, ...usualReasonForClosing(refused) };
}

function explainHubCause(assignedHub: string, cause: HubRefused['cause'], probe: ExplainedProbe): Explanation {
  switch (cause.kind) {
    case 'hubNotAllowed':
      return {
        what: cause.message,
        next: 'Find out who linked this hub. If it is right, add it to expect.assignedHub, or give it to npm run probe with --hub',
        source: 'https://learn.microsoft.com/azure/iot-dps/how-to-manage-linked-iot-hubs',
      };
    case 'twinRejected':
      return {
        what: `The hub responded to the request for the twin with status ${cause.status}`,
        next: "Check the hub's service health and its limits",
        source: 'https://learn.microsoft.com/azure/iot-hub/iot-hub-mqtt-support',
      };
    case 'renewalRejected':
      return explainRenewalRejected(cause);
    case 'timedOut':
      return explainRenewalTimeout(cause) ?? explainTransport(cause, { role: 'hub', host: assignedHub }, probe);
    default:
      return explainTransport(cause, { role: 'hub', host: assignedHub }, probe);
  }
}
