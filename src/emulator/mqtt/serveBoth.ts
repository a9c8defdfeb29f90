import type { IConnectPacket } from 'mqtt-packet';
import type { MqttService } from './dispatch.ts';
import type { MqttSession } from './session.ts';

/** A hub's user name, `{hub}/{deviceId}/?api-version=…`; DPS's is `{idScope}/registrations/{registrationId}/api-version=…`. */
const hubUsername = /^[^/]+\/[^/]+\/\?/;

/** Serves both services on one listener, for devices with fixed ports: the user name decides which service handles the connection. */
export function serveBoth<Dps, Hub>(dps: MqttService<Dps>, hub: MqttService<Hub>): MqttService<Dps | Hub> {
  const atHub = new WeakSet<MqttSession<Dps | Hub>>();
  // CONNECT selects the service of a session, so the session's state belongs to that service
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
