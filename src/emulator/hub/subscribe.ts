import type { ISubscribePacket } from 'mqtt-packet';
import { type Hub, type HubSession, packetOf } from './hubSession.ts';
import { deliverFinishedRenewal } from './renewal.ts';
import { credentialResponseFilter, deviceFilters } from './topics.ts';

const refused = 0x80;

/** SUBSCRIBE: a device's own filters, at QoS 1 at most; anything else is refused. */
export function handleSubscribe(hub: Hub, session: HubSession, packet: ISubscribePacket): undefined {
  const device = session.state;
  if (device === undefined) return;
  const filters = deviceFilters(device.deviceId, device.apiVersion);
  const granted = packet.subscriptions.map(({ topic, qos }) => {
    const offered = filters.includes(topic) && device.fault?.kind !== 'subscriptionRefused';
    const answer = offered ? (qos === 0 ? 0 : 1) : refused;
    if (answer !== refused) device.subscribed.set(topic, answer);
    hub.history.record({ ...packetOf(session), kind: 'subscribe', topic, answer });
    return answer;
  });
  session.send({ cmd: 'suback', messageId: packet.messageId ?? 0, granted });
  if (device.subscribed.has(credentialResponseFilter)) deliverFinishedRenewal(hub, device.deviceId);
}
