/** Faults that change the delivery of a response: its topic, its repetition, or a message before it. */

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
  /** The device's last response, for the fault that sends it again. */
  readonly previous: Delivery | undefined;
}

/** The messages for one response, in order: one, unless a fault changes that. */
export function deliveriesFor(
  response: ServiceResponse,
  faults: readonly Fault[],
  { phase, rid, previous }: DeliveryContext,
): readonly Delivery[] {
  const payload = typeof response.body === 'string' ? response.body : JSON.stringify(response.body);
  const retryAfterFirst = faultAt(faults, 'parameterOrder', phase) !== undefined;
  const right = { topic: topicFor(response, rid, retryAfterFirst), payload };

  const wrongTopic = faultAt(faults, 'wrongTopic', phase);
  if (wrongTopic !== undefined) return [{ topic: wrongTopic.topic.replaceAll('{rid}', rid), payload }];
  const foreign = faultAt(faults, 'foreignRid', phase);
  if (foreign !== undefined) {
    const elsewhere = { topic: topicFor(response, `${rid}-foreign`, retryAfterFirst), payload };
    return foreign.thenRight ? [elsewhere, right] : [elsewhere];
  }
  if (faultAt(faults, 'duplicate', phase) !== undefined) return [right, right];
  if (faultAt(faults, 'lateAnswer', phase) !== undefined && previous !== undefined) return [previous, right];
  return [right];
}

function topicFor(response: ServiceResponse, rid: string, retryAfterFirst: boolean): string {
  const ridParameter = ['$rid', rid] as const;
  if (response.retryAfter === undefined) return responseTopic(response.status, [ridParameter]);
  const retryAfter = ['retry-after', String(response.retryAfter)] as const;
  return responseTopic(response.status, retryAfterFirst ? [retryAfter, ridParameter] : [ridParameter, retryAfter]);
}
