/** Faults that change how an answer travels: on which topics, how often, and what comes before it. */

import type { ServiceResponse } from '../responses.ts';
import { responseTopic } from '../topics.ts';
import { type Fault, faultAt } from './faults.ts';

export interface Delivery {
  readonly topic: string;
  readonly payload: string;
}

export interface DeliveryContext {
  readonly phase: 'register' | 'poll';
  readonly rid: string;
  /** The last answer that this device got, for the fault that sends it again. */
  readonly previous: Delivery | undefined;
}

/** What is published for one answer, in order: one message, unless a fault wants more, other or none. */
export function deliveriesFor(
  answer: ServiceResponse,
  faults: readonly Fault[],
  { phase, rid, previous }: DeliveryContext,
): readonly Delivery[] {
  const payload = typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body);
  const retryAfterFirst = faultAt(faults, 'parameterOrder', phase) !== undefined;
  const right = { topic: topicFor(answer, rid, retryAfterFirst), payload };

  const wrongTopic = faultAt(faults, 'wrongTopic', phase);
  if (wrongTopic !== undefined) return [{ topic: wrongTopic.topic.replaceAll('{rid}', rid), payload }];
  const foreign = faultAt(faults, 'foreignRid', phase);
  if (foreign !== undefined) {
    const elsewhere = { topic: topicFor(answer, `${rid}-foreign`, retryAfterFirst), payload };
    return foreign.thenRight ? [elsewhere, right] : [elsewhere];
  }
  if (faultAt(faults, 'duplicate', phase) !== undefined) return [right, right];
  if (faultAt(faults, 'lateAnswer', phase) !== undefined && previous !== undefined) return [previous, right];
  return [right];
}

function topicFor(answer: ServiceResponse, rid: string, retryAfterFirst: boolean): string {
  const ridParameter = ['$rid', rid] as const;
  if (answer.retryAfter === undefined) return responseTopic(answer.status, [ridParameter]);
  const retryAfter = ['retry-after', String(answer.retryAfter)] as const;
  return responseTopic(answer.status, retryAfterFirst ? [retryAfter, ridParameter] : [ridParameter, retryAfter]);
}
