import { randomUUID } from 'node:crypto';
import type { MqttSession } from '../transport/mqttSession.ts';
import { printable } from '../transport/printable.ts';
import { milliseconds } from '../transport/recorder.ts';
import type { Run } from '../transport/run.ts';
import type { HubRefusal, HubRenewed, RenewalOperation } from './hubResult.ts';
import { readIssued, readOperation, readRejection } from './renewalMessages.ts';

/** The filter for responses to certificate requests (IoT Hub device API 2025-08-01-preview). */
const responseFilter = '$iothub/credentials/res/#';

/**
 * Requests a new certificate from the hub and waits for it: the hub responds 202 first, then 200 or an error. One attempt: 409 and 429 are
 * findings. `replace: "*"` replaces a pending request, so that a run that was cut off does not make the next one fail.
 */
export async function renewCertificate(
  session: MqttSession,
  { deviceId, csr }: { readonly deviceId: string; readonly csr: string },
  { recorder }: Pick<Run, 'recorder'>,
): Promise<HubRenewed | HubRefusal> {
  const subscribed = await session.subscribe(responseFilter);
  if (subscribed.kind !== 'subscribed') return subscribed;

  // `replace` accepts 4 to 36 letters, digits and hyphens, with no hyphen at either end.
  const rid = randomUUID();
  let operation: RenewalOperation = {};
  let otherRequest: string | undefined;
  const decided = new Promise<Omit<HubRenewed, 'durationMs'> | HubRefusal>((resolve) => {
    session.onMessage((topic, body) => {
      const response = parseCredentialsTopic(topic);
      const facts = { topic, bytes: body.length, ...(response && { status: response.status }) };
      recorder.received('PUBLISH', facts);
      if (response?.rid !== rid) {
        otherRequest ??= response?.rid && printable(response.rid, maxRidCharacters);
        return recorder.note('ignored', 'no request waits for this response');
      }
      if (response.status === 202) {
        operation = readOperation(body);
        return recorder.note('renewal', `accepted, correlationId ${operation.correlationId ?? 'missing'}`);
      }
      resolve(readDecision(response.status, body));
    });
  });
  const start = performance.now();
  void session.publish(
    `$iothub/credentials/POST/issueCertificate/?$rid=${rid}`,
    JSON.stringify({ id: deviceId, csr, replace: '*' }),
  );
  const ended = await Promise.race([decided, session.failed]);
  switch (ended.kind) {
    case 'renewed': {
      const { correlationId } = operation;
      const durationMs = milliseconds(performance.now() - start);
      return {
        ...(correlationId !== undefined && { correlationId }),
        ...ended,
        ...(otherRequest !== undefined && { otherRequest }),
        durationMs,
      };
    }
    case 'timedOut':
      return { ...ended, ...operation };
    default:
      return ended;
  }
}

/** The longest `$rid` that `replace` accepts. */
const maxRidCharacters = 36;

function readDecision(status: number, body: Buffer): Omit<HubRenewed, 'durationMs'> | HubRefusal {
  if (status === 200) return readIssued(body);
  if (status >= 300) return readRejection(status, body);
  const message = `the hub's response ${status} is neither 200, 202 nor an error`;
  return { kind: 'malformedResponse', phase: 'hub', message };
}

/**
 * `$iothub/credentials/res/{status}/?$rid={rid}` with further parameters in any order; one design document of the service writes
 * `$iothub/credentials/res/{status}/{rid}`, so both are read.
 */
export function parseCredentialsTopic(
  topic: string,
): { readonly status: number; readonly rid: string | undefined } | undefined {
  const [, status, rest] = /^\$iothub\/credentials\/res\/(\d{3})\/(.*)$/.exec(topic) ?? [];
  if (status === undefined || rest === undefined) return undefined;
  const [path = '', query] = rest.split('?', 2);
  const rid = query === undefined ? undefined : (new URLSearchParams(query).get('$rid') ?? undefined);
  return { status: Number(status), rid: rid ?? (path.replace(/\/$/, '') || undefined) };
}
