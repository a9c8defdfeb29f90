import type { IConnectPacket } from 'mqtt-packet';
import type { MqttService } from './dispatch.ts';
import type { MqttSession } from './session.ts';

/** A hub's user name, `{hub}/{deviceId}/?api-version=…`; DPS's is `{idScope}/registrations/{registrationId}/api-version=…`. */
const hubUsername = /^[^/]+\/[^/]+\/\?/;

/** One listener for both services, as a device needs that has ports built in: its user name decides which one it meets. */
export function serveBoth<Dps, Hub>(dps: MqttService<Dps>, hub: MqttService<Hub>): MqttService<Dps | Hub> {
  const atHub = new WeakSet<MqttSession<Dps | Hub>>();
  // A session keeps to the service that it met at CONNECT, so that its state is that service's
  const toDps = dps as MqttService<Dps | Hub>;
  const toHub = hub as MqttService<Dps | Hub>;
  const serviceOf = (session: MqttSession<Dps | Hub>) => (atHub.has(session) ? toHub : toDps);
  return {
    connect: (session, packet: IConnectPacket) => {
      if (hubUsername.test(packet.username ?? '')) atHub.add(session);
      return serviceOf(session).connect(session, packet);
    },
    subscribe: (session, packet) => serviceOf(session).subscribe(session, packet),
    unsubscribe: (session, topics) => serviceOf(session).unsubscribe(session, topics),
    publish: (session, packet) => serviceOf(session).publish(session, packet),
    notice: (session, event) => serviceOf(session).notice(session, event),
  };
}
