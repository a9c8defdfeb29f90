import type { Phase } from './phase.ts';
import { printable } from './printable.ts';
import type { TransportFailure } from './transportFailure.ts';

/** The one place where a socket's error becomes a finding, by the phase that it came in. */
export function classifySocketError(error: NodeJS.ErrnoException, phase: Phase): TransportFailure {
  const code = printable(error.code ?? error.name);
  const message = wordsOf(error);
  // A write that came after the server's end: whether there was one is no difference to the finding.
  if (code === 'EPIPE' && phase !== 'dns' && phase !== 'tcp') return closedByServer(phase);
  // A port that resets has been reached: who listens there did not want to go on.
  if (phase === 'dns' || (phase === 'tcp' && code !== 'ECONNRESET'))
    return { kind: 'unreachable', phase, code, message };
  // In TLS 1.3 the server judges our certificate after our handshake has ended, so its alert may come in any later phase.
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

/** OpenSSL puts its thread, its file and its line around the reason, and a line break behind them. */
function wordsOf(error: Error & { readonly reason?: unknown }): string {
  return printable(typeof error.reason === 'string' ? error.reason : error.message).trim();
}

export function closedByServer(phase: Phase): TransportFailure {
  return { kind: 'connectionLost', phase, code: 'CLOSED', message: 'the server closed the connection' };
}

export function timedOut(phase: Phase): TransportFailure {
  return { kind: 'timedOut', phase, message: 'the deadline passed' };
}

/** What a socket still says after we have let go of it changes no finding. */
export function ignoreLateError(): void {}
