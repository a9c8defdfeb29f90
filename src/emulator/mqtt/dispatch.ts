import type { IConnectPacket, IPublishPacket, ISubscribePacket, Packet } from 'mqtt-packet';
import type { MqttSession, SessionOwner } from './session.ts';

/** Handlers of the packets that differ between services. A returned promise delays the following packets. */
export interface MqttService<State> {
  connect(session: MqttSession<State>, packet: IConnectPacket): Promise<void> | undefined;
  subscribe(session: MqttSession<State>, packet: ISubscribePacket): Promise<void> | undefined;
  unsubscribe(session: MqttSession<State>, topics: readonly string[]): void;
  publish(session: MqttSession<State>, packet: IPublishPacket): Promise<void> | undefined;
  /** All other events for the history. */
  readonly notice: SessionOwner<State>['notice'];
}

/** Checks which packet is allowed and calls its handler. Clauses are those of MQTT 3.1.1. */
export function dispatch<State>(
  session: MqttSession<State>,
  packet: Packet,
  service: MqttService<State>,
): Promise<void> | undefined {
  if (packet.cmd === 'connect') {
    if (session.connectSeen) return refuse(session, 'a second CONNECT'); // [MQTT-3.1.0-2]
    session.connectSeen = true;
    return service.connect(session, packet);
  }
  if (session.state === undefined) return refuse(session, `${packet.cmd} before CONNECT`); // [MQTT-3.1.0-1]

  switch (packet.cmd) {
    case 'subscribe':
      if (packet.subscriptions.length === 0) return refuse(session, 'SUBSCRIBE without a filter'); // [MQTT-3.8.3-3]
      return service.subscribe(session, packet);
    case 'unsubscribe':
      if (packet.unsubscriptions.length === 0) return refuse(session, 'UNSUBSCRIBE without a filter'); // [MQTT-3.10.3-2]
      service.unsubscribe(session, packet.unsubscriptions);
      // [MQTT-3.10.4-4] required even without a matching subscription
      session.send({ cmd: 'unsuback', messageId: packet.messageId ?? 0, granted: [] });
      return undefined;
    case 'publish':
      // Neither service supports QoS 2: the connection is closed, as IoT Hub documents
      if (packet.qos === 2) return refuse(session, 'PUBLISH at QoS 2');
      if (/[#+]/.test(packet.topic)) return refuse(session, 'a topic name with a wildcard'); // [MQTT-3.3.2-2]
      return service.publish(session, packet);
    case 'puback':
      session.acknowledged(packet.messageId ?? 0);
      service.notice(session, { kind: 'puback' });
      return undefined;
    case 'pingreq':
      service.notice(session, { kind: 'pingreq' });
      session.send({ cmd: 'pingresp' }); // [MQTT-3.12.4-1]
      return undefined;
    case 'disconnect':
      service.notice(session, { kind: 'disconnect' });
      session.close(); // [MQTT-3.14.4-2] the client closes; a server closes too if it has not
      return undefined;
    case 'connack':
    case 'suback':
    case 'unsuback':
    case 'pingresp':
    case 'pubrec':
    case 'pubrel':
    case 'pubcomp':
    case 'auth':
      return refuse(session, `${packet.cmd} from a client`); // [MQTT-4.8.0-1] a protocol violation
  }
}

function refuse<State>(session: MqttSession<State>, why: string): undefined {
  session.close(why);
  return undefined;
}
