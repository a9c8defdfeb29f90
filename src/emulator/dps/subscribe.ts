import type { ISubscribePacket } from 'mqtt-packet';
import { type Dps, type DpsSession, packetOf } from './device.ts';
import { faultAt } from './faults/faults.ts';
import { delayOf, injectAfter, injectBefore } from './faults/injectFault.ts';
import { responseFilter } from './topics.ts';

/** Section 3.9.3: the return code of a filter that is not granted. */
const refused = 0x80;

/** SUBSCRIBE: grants only the response filter, at QoS 1 at most. */
export function handleSubscribe(dps: Dps, session: DpsSession, packet: ISubscribePacket): Promise<void> | undefined {
  const device = session.state;
  if (device === undefined) return undefined;
  const atMs = Date.now();
  const record = (topic: string, answer: number | undefined, note: string | undefined): undefined => {
    dps.history.record({ ...packetOf(session), atMs, kind: 'subscribe', topic, answer, note });
  };

  const respond = (): undefined => {
    const topics = packet.subscriptions.map((subscription) => subscription.topic);
    const injected = injectBefore(session, device.faults, 'subscribe');
    if (injected !== undefined) return record(topics.join(' '), undefined, injected);

    const refusesAll = faultAt(device.faults, 'subscriptionRefused', 'subscribe') !== undefined;
    // [MQTT-3.8.4-5] one return code for each filter, in their order
    const granted = packet.subscriptions.map(({ topic, qos }) => {
      const code = refusesAll || topic !== responseFilter ? refused : grantedQos(qos);
      record(topic, code, refusesAll ? 'subscriptionRefused' : undefined);
      if (code !== refused) device.subscribedQos = code;
      return code;
    });
    session.send({ cmd: 'suback', messageId: packet.messageId ?? 0, granted });
    injectAfter(session, device.faults, 'subscribe');
    return undefined;
  };
  return delayOf(session, device.faults, 'subscribe')?.then(respond) ?? respond();
}

/** "When a device app subscribes to a topic with QoS 2, DPS grants maximum QoS level 1 in the SUBACK packet" (document). */
function grantedQos(requested: 0 | 1 | 2): 0 | 1 {
  return requested === 0 ? 0 : 1;
}
