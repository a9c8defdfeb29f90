import { isCertificateAlert } from '../transport/socketFailure.ts';
import { isStaleHubLink } from './explanations/explain.ts';
import type { ProbeResult } from './outcome.ts';

/**
 * The phase in which DPS refused the credential; undefined when it did not, or refused for another reason. A 403 is not a refusal of the
 * credential (network rules cause it), and neither is a 5xx, a lost connection or a timeout.
 */
export function refusedAt(result: ProbeResult, attestation: 'symmetricKey' | 'x509'): string | undefined {
  switch (result.kind) {
    case 'rejected':
      return [401, 404].includes(result.status) ? result.phase : undefined;
    case 'connectionRefused':
      // 2: identifier rejected, 4: bad user name or password, 5: not authorized (MQTT 3.1.1 §3.2.2.3).
      return [2, 4, 5].includes(result.returnCode) ? result.phase : undefined;
    case 'tlsFailed':
      return result.refusedBy === 'server' && isCertificateAlert(result.code) ? result.phase : undefined;
    case 'failed': {
      // For X.509, DPS may refuse only at the end of the operation (azure-iot-sdk-c#437). A hub that refuses DPS looks
      // similar.
      const isRefusal = attestation === 'x509' && result.errorCode === 401002 && !isStaleHubLink(result);
      return isRefusal ? result.phase : undefined;
    }
    case 'disabled':
      return result.phase;
    case 'assigned':
    case 'throttled':
    case 'unreachable':
    case 'webSocketRefused':
    case 'subscriptionRefused':
    case 'connectionLost':
    case 'timedOut':
    case 'malformedResponse':
    case 'hubRefused':
    case 'certificateNotIssued':
    case 'notRun':
      return undefined;
  }
}
