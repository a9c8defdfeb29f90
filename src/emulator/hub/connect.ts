import type { IConnectPacket } from 'mqtt-packet';
import type { HubDevice } from '../deviceRegistry.ts';
import { judgeSasToken } from '../sasToken.ts';
import { judgeCertificates } from '../x509Trust.ts';
import { type Hub, type HubSession, packetOf, playFault } from './hubSession.ts';

/** CONNACK return codes, MQTT 3.1.1 section 3.2.2.3. */
const unacceptableProtocolVersion = 1;
const badUserNameOrPassword = 4;
const notAuthorized = 5;

/** CONNECT: ClientID is the device id, the username names the hub, the password is a SAS token for this device. */
export function handleConnect(hub: Hub, session: HubSession, packet: IConnectPacket): undefined {
  const deviceId = packet.clientId;
  const record = (answer: number | undefined, note?: string): undefined => {
    hub.history.record({ ...packetOf(session, deviceId), kind: 'connect', answer, note });
  };
  const refuse = (returnCode: number, why: string): undefined => {
    record(returnCode, why);
    session.send({ cmd: 'connack', returnCode, sessionPresent: false }); // [MQTT-3.2.2-4]
    session.close(why); // [MQTT-3.2.2-5]
  };

  const fault = Object.hasOwn(hub.faults, deviceId) ? hub.faults[deviceId] : undefined;
  const injected = playFault(session, fault, 'connect');
  if (injected !== undefined) return record(undefined, injected);
  if (fault?.kind === 'refuseConnect') return refuse(fault.returnCode, fault.kind);

  if (packet.protocolId !== 'MQTT' || packet.protocolVersion !== 4)
    return refuse(unacceptableProtocolVersion, 'not MQTT 3.1.1'); // [MQTT-3.1.2-2]
  const user = parseUsername(packet.username ?? '');
  if (user === undefined || user.deviceId !== deviceId)
    return refuse(badUserNameOrPassword, 'the username is not {hub}/{deviceId}/?api-version={version}');
  const device = hub.registry.find(user.hub, deviceId);
  if (device === undefined) return refuse(notAuthorized, `${user.hub} has no device of this id`);
  if (!isProven(device, user.hub, packet, session)) return refuse(notAuthorized, 'not the credential of this device');

  hub.connected.get(deviceId)?.close('the same device connected again'); // [MQTT-3.1.4-2]
  hub.connected.set(deviceId, session);
  session.state = { deviceId, fault, subscribed: new Set() };
  session.keepAlive(packet.keepalive ?? 0);
  record(0);
  // Sessions are not kept here, so that none is ever present [MQTT-3.2.2-3]
  session.send({ cmd: 'connack', returnCode: 0, sessionPresent: false });
}

function isProven(device: HubDevice, hub: string, packet: IConnectPacket, session: HubSession): boolean {
  const { credential, deviceId } = device;
  const password = packet.password?.toString('utf8');
  switch (credential.kind) {
    case 'symmetricKey': {
      if (password === undefined) return false;
      const expected = {
        resource: `${hub}/devices/${deviceId}`,
        policy: undefined,
        keys: credential.keys,
        now: new Date(),
      };
      return judgeSasToken(password, expected) === 'valid';
    }
    case 'x509':
      return (
        password === undefined &&
        judgeCertificates(session.wire.certificates, credential.trust, credential.registrationId, new Date()) ===
          'trusted'
      );
  }
}

function parseUsername(username: string): { readonly hub: string; readonly deviceId: string } | undefined {
  const [, hub, deviceId] = /^([^/]+)\/([^/]+)\/\?api-version=[^/]+$/.exec(username) ?? [];
  return hub === undefined || deviceId === undefined ? undefined : { hub, deviceId };
}
