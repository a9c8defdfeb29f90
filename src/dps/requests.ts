import type { MqttSession } from '../transport/mqttSession.ts';
import type { Recorder } from '../transport/recorder.ts';
import type { TransportFailure } from '../transport/transportFailure.ts';
import { parseResponseTopic } from './topics.ts';

/** One answer of the service to one request. */
export interface DpsResponse {
  readonly kind: 'answer';
  readonly status: number;
  readonly retryAfter: string | undefined;
  readonly body: Buffer;
}

export interface Questions {
  /** Publishes and waits for the answer with the same `$rid`, not for the PUBACK. */
  request(topic: (rid: string) => string, payload: string): Promise<DpsResponse | TransportFailure>;
}

/**
 * Matches answers to requests by `$rid`. An answer to nobody's question (a foreign or an old `$rid`, a duplicate) is noted in the
 * transcript and changes nothing.
 */
export function createRequester(session: MqttSession, recorder: Recorder): Questions {
  const open = new Map<string, (answer: DpsResponse) => void>();
  let asked = 0;

  session.onMessage((topic, body) => {
    const response = parseResponseTopic(topic);
    const facts = { topic, bytes: body.length, ...(response && { status: response.status }) };
    recorder.received('PUBLISH', facts);
    const rid = response?.rid ?? '';
    const answer = open.get(rid);
    if (!response || !answer) return recorder.note('ignored', 'no request waits for this answer');
    open.delete(rid);
    answer({ kind: 'answer', status: response.status, retryAfter: response.retryAfter, body });
  });

  return {
    request(topic, payload) {
      asked += 1;
      const rid = String(asked);
      const answered = new Promise<DpsResponse>((resolve) => open.set(rid, resolve));
      void session.publish(topic(rid), payload);
      return Promise.race([answered, session.failed]);
    },
  };
}
