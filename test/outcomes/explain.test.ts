import { describe, expect, it } from 'vitest';
import { explain } from '../../src/outcomes/explain.ts';

describe('a handshake that the server refused', () => {
  it.each([
    ['ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', /device certificate/],
    ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', /device certificate/],
    ['ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION', /proxy or an old TLS version/],
    ['ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE', /proxy or an old TLS version/],
  ])('with %s sends people to the right place', (code, next) => {
    const explained = explain({ kind: 'tlsFailed', phase: 'tls', code, message: code, refusedBy: 'server' });
    expect(explained.next).toMatch(next);
    expect(explained.what).toContain(code);
  });
});

it('says once in which phase the time was up', () => {
  const { what } = explain({ kind: 'timedOut', phase: 'tcp', message: 'the deadline passed' });
  expect(what).toBe('timed out in phase tcp: the deadline passed');
});
