import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ProbeResult } from '../../src/outcomes/outcome.ts';
import { reasonCode } from '../../src/outcomes/reasonCode.ts';
import { buildOutcome } from '../support/buildOutcome.ts';

const message = 'whatever the other side wrote';
const hub = { kind: 'hubRefused', phase: 'hub', assignedHub: 'h', deviceId: 'd', verification: 'twin' } as const;

describe('reasonCode', () => {
  it.each<[ProbeResult, string]>([
    [buildOutcome().result, 'assigned'],
    [{ kind: 'rejected', phase: 'register', status: 401, errorCode: 401002, message }, 'rejected:401002@register'],
    [{ kind: 'rejected', phase: 'assign', status: 404 }, 'rejected:404@assign'],
    [{ kind: 'throttled', phase: 'register', status: 429 }, 'throttled:429@register'],
    [{ kind: 'failed', phase: 'assign', operationId: '4.1', errorCode: 400207, message }, 'failed:400207@assign'],
    [{ kind: 'failed', phase: 'assign', operationId: '4.1' }, 'failed@assign'],
    [{ kind: 'disabled', phase: 'register', operationId: '' }, 'disabled@register'],
    [{ kind: 'unreachable', phase: 'dns', code: 'ENOTFOUND', message }, 'unreachable:ENOTFOUND@dns'],
    [
      { kind: 'tlsFailed', phase: 'tls', code: 'CERT_HAS_EXPIRED', message, refusedBy: 'client' },
      'tlsFailed:CERT_HAS_EXPIRED@tls',
    ],
    [{ kind: 'webSocketRefused', phase: 'webSocket', status: 403, message }, 'webSocketRefused:403@webSocket'],
    [{ kind: 'connectionRefused', phase: 'mqttConnect', returnCode: 5, message }, 'connectionRefused:5@mqttConnect'],
    [
      { kind: 'subscriptionRefused', phase: 'subscribe', returnCode: 128, message },
      'subscriptionRefused:128@subscribe',
    ],
    [{ kind: 'connectionLost', phase: 'register', code: 'ECONNRESET', message }, 'connectionLost:ECONNRESET@register'],
    [{ kind: 'timedOut', phase: 'assign', message }, 'timedOut@assign'],
    [{ kind: 'malformedResponse', phase: 'register', message }, 'malformedResponse@register'],
    [
      { ...hub, cause: { kind: 'connectionRefused', phase: 'mqttConnect', returnCode: 5, message } },
      'hubRefused:connectionRefused:5@hub',
    ],
    [{ ...hub, cause: { kind: 'hubNotAllowed', message } }, 'hubRefused:hubNotAllowed@hub'],
    [{ ...hub, cause: { kind: 'twinRejected', status: 500, message } }, 'hubRefused:twinRejected:500@hub'],
    [{ kind: 'notRun', phase: 'keyVault', cause: 'forbidden', message }, 'notRun:forbidden@keyVault'],
    [{ kind: 'notRun', phase: 'keyVault', cause: 'expired', message }, 'notRun:expired@keyVault'],
    [{ kind: 'notRun', phase: 'assign', cause: 'cancelled', message }, 'notRun:cancelled@assign'],
    [{ kind: 'notRun', cause: 'cancelled', message }, 'notRun:cancelled'],
    [{ kind: 'notRun', cause: 'deviceBusy', message }, 'notRun:deviceBusy'],
    [{ kind: 'notRun', cause: 'outOfTime', message }, 'notRun:outOfTime'],
    [{ kind: 'notRun', cause: 'expired', message }, 'notRun:expired'],
    [{ kind: 'notRun', cause: 'unexpected', message }, 'notRun:unexpected'],
  ])('names %j', (result, reason) => {
    expect(reasonCode({ result })).toBe(reason);
  });

  it('has bounded cardinality for any codes and messages of the service', () => {
    fc.assert(
      fc.property(fc.string(), fc.double(), (text, number) => {
        const reasons = [
          reasonCode({ result: { kind: 'connectionLost', phase: 'tls', code: text, message: text } }),
          reasonCode({
            result: { kind: 'rejected', phase: 'register', status: number, errorCode: number, message: text },
          }),
        ];
        for (const reason of reasons) expect(reason).toMatch(/^[a-zA-Z]+:([A-Z][A-Z0-9_]{1,63}|\d{1,6}|other)@[a-z]+$/);
      }),
    );
  });
});
