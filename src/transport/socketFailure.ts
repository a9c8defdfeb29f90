import type { Phase } from './phase.ts';
import { printable } from './printable.ts';
import type { TransportFailure } from './transportFailure.ts';

/** The one place that classifies a socket's error, by its phase. */
export function classifySocketError(error: NodeJS.ErrnoException, phase: Phase): TransportFailure {
  const code = printable(error.code ?? error.name);
  const message = messageOf(error);
  // A write after the server closed the connection. The finding is the same without the write.
  if (code === 'EPIPE' && phase !== 'dns' && phase !== 'tcp') return closedByServer(phase);
  // A port that resets the connection has been reached.
  if (phase === 'dns' || (phase === 'tcp' && code !== 'ECONNRESET'))
    return { kind: 'unreachable', phase, code, message };
  // In TLS 1.3 the server checks our certificate after our handshake has ended, so its alert may arrive in a later phase.
  if (/_ALERT_/.test(code)) return { kind: 'tlsFailed', phase: 'tls', code, message, refusedBy: 'server' };
  if (phase === 'tls' && !/^(ECONN|EPIPE|ETIMEDOUT)/.test(code)) {
    return { kind: 'tlsFailed', phase, code, message, refusedBy: 'client' };
  }
  return { kind: 'connectionLost', phase, code, message };
}

/** The alerts by which a server refuses a client certificate (RFC 8446 section 6.2). */
export function isCertificateAlert(code: string): boolean {
  return /ALERT_(BAD_CERTIFICATE|UNSUPPORTED_CERTIFICATE|CERTIFICATE_(REVOKED|EXPIRED|UNKNOWN|REQUIRED)|UNKNOWN_CA|ACCESS_DENIED)/.test(
    code,
  );
}

/** OpenSSL's message adds its thread, file and line to the reason, and a line break. */
function messageOf(error: Error & { readonly reason?: unknown }): string {
  return printable(typeof error.reason === 'string' ? error.reason : error.message).trim();
}

export function closedByServer(phase: Phase): TransportFailure {
  return { kind: 'connectionLost', phase, code: 'CLOSED', message: 'the server closed the connection' };
}

export function timedOut(phase: Phase): TransportFailure {
  return { kind: 'timedOut', phase, message: 'the deadline passed' };
}

/** An error after the connection was abandoned does not change the result. */
export function ignoreLateError(): void {}
