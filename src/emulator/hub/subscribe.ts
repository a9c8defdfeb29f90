import type { ISubscribePacket } from 'mqtt-packet';
import { type Hub, type HubSession, packetOf } from './hubSession.ts';
import { deviceFilters } from './topics.ts';

const refused = 0x80;

/** SUBSCRIBE: a device's own filters, at QoS 1 at most; anything else is refused. */
export function handleSubscribe(hub: Hub, session: HubSession, packet: ISubscribePacket): undefined {
  const device = session.state;
  if (device === undefined) return;
  const filters = deviceFilters(device.deviceId);
  const granted = packet.subscriptions.map(({ topic, qos }) => {
    const offered = filters.includes(topic) && device.fault?.kind !== 'subscriptionRefused';
    if (offered) device.subscribed.add(topic);
    const answer = offered ? Math.min(qos, 1) : refused;
    hub.history.record({ ...packetOf(session), kind: 'subscribe', topic, answer });
    return answer;
  });
  session.send({ cmd: 'suback', messageId: packet.messageId ?? 0, granted });
}
