import type { MqttSession } from '../transport/mqttSession.ts';
import type { Recorder } from '../transport/recorder.ts';
import type { TransportFailure } from '../transport/transportFailure.ts';
import { parseResponseTopic } from './topics.ts';

/** One response of the service to one request. */
export interface DpsResponse {
  readonly kind: 'response';
  readonly status: number;
  readonly retryAfter: string | undefined;
  readonly body: Buffer;
}

export interface Requester {
  /** Publishes and waits for the response with the same `$rid`, not for the PUBACK. */
  request(topic: (rid: string) => string, payload: string): Promise<DpsResponse | TransportFailure>;
}

/**
 * Matches responses to requests by `$rid`. A response with an unknown `$rid` (a foreign or an old one, a duplicate) is noted in the
 * transcript and changes nothing.
 */
export function createRequester(session: MqttSession, recorder: Recorder): Requester {
  const pending = new Map<string, (response: DpsResponse) => void>();
  let sent = 0;

  session.onMessage((topic, body) => {
    const parsed = parseResponseTopic(topic);
    recorder.received('PUBLISH', { topic, bytes: body.length, ...(parsed && { status: parsed.status }) });
    const rid = parsed?.rid ?? '';
    const resolve = pending.get(rid);
    if (!parsed || !resolve) return recorder.note('ignored', 'a response with an unknown $rid');
    pending.delete(rid);
    resolve({ kind: 'response', status: parsed.status, retryAfter: parsed.retryAfter, body });
  });

  return {
    request(topic, payload) {
      sent += 1;
      const rid = String(sent);
      const response = new Promise<DpsResponse>((resolve) => pending.set(rid, resolve));
      void session.publish(topic(rid), payload);
      return Promise.race([response, session.failed]);
    },
  };
}
