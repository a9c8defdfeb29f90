import type { X509Certificate } from 'node:crypto';
import type { IConnectPacket } from 'mqtt-packet';
import type { HubDevice } from '../deviceRegistry.ts';
import { judgeSasToken } from '../sasToken.ts';
import { judgeCertificates } from '../x509Trust.ts';
import type { HubFault } from './hubFaults.ts';
import { type Hub, type HubSession, injectFault, packetOf } from './hubSession.ts';
import { renewsCertificates } from './topics.ts';

/** CONNACK return codes, MQTT 3.1.1 section 3.2.2.3. */
const unacceptableProtocolVersion = 1;
const badUserNameOrPassword = 4;
const notAuthorized = 5;

/** CONNECT: the ClientID is the device ID, the user name has the hub's name, and the password is a SAS token for this device. */
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
  const injected = injectFault(session, fault, 'connect');
  if (injected !== undefined) return record(undefined, injected);
  if (fault?.kind === 'refuseConnect') return refuse(fault.returnCode, fault.kind);

  if (packet.protocolId !== 'MQTT' || packet.protocolVersion !== 4)
    return refuse(unacceptableProtocolVersion, 'not MQTT 3.1.1'); // [MQTT-3.1.2-2]
  const user = parseUsername(packet.username ?? '');
  if (user === undefined || user.deviceId !== deviceId)
    return refuse(badUserNameOrPassword, 'the username is not {hub}/{deviceId}/?api-version={version}');
  const device = hub.registry.find(user.hub, deviceId);
  if (device === undefined) return refuse(notAuthorized, `${user.hub} has no device of this id`);
  const proof = proofOf(hub, { device, fault, user, packet, certificates: session.wire.certificates });
  if (proof.kind === 'refused') return refuse(notAuthorized, proof.why);

  hub.connected.get(deviceId)?.close('the same device connected again'); // [MQTT-3.1.4-2]
  hub.connected.set(deviceId, session);
  session.state = { deviceId, apiVersion: user.apiVersion, registered: device, fault, subscribed: new Map() };
  session.keepAlive(packet.keepalive ?? 0);
  record(0, proof.note);
  // Sessions are not stored, so none is ever present [MQTT-3.2.2-3]
  session.send({ cmd: 'connack', returnCode: 0, sessionPresent: false });
}

interface Login {
  readonly device: HubDevice;
  readonly fault: HubFault | undefined;
  readonly user: HubUser;
  readonly packet: IConnectPacket;
  readonly certificates: readonly X509Certificate[];
}

type Proof = { readonly kind: 'accepted'; readonly note?: string } | { readonly kind: 'refused'; readonly why: string };

const accepted: Proof = { kind: 'accepted' };
const wrongCredential: Proof = { kind: 'refused', why: 'not the credential of this device' };

/** Accepts the credential that the device was provisioned with, or an operational certificate that was issued to it. */
function proofOf(hub: Hub, login: Login): Proof {
  const { device, user, packet, certificates } = login;
  const { credential } = device;
  const password = packet.password?.toString('utf8');
  const { clockSkewSeconds } = hub;
  const now = new Date();
  if (password !== undefined) {
    if (credential.kind !== 'symmetricKey') return wrongCredential;
    const resource = `${user.hub}/devices/${device.deviceId}`;
    const expected = { resource, policy: undefined, keys: credential.keys, now, clockSkewSeconds };
    return judgeSasToken(password, expected) === 'valid' ? accepted : wrongCredential;
  }
  if (
    credential.kind === 'x509' &&
    judgeCertificates(certificates, credential.trust, credential.registrationId, now, clockSkewSeconds) === 'trusted'
  )
    return accepted;
  return proofOfOperationalCertificate(hub, login, now);
}

function proofOfOperationalCertificate(
  { strict, clockSkewSeconds }: Hub,
  { device: { deviceId, operational }, fault, user, certificates }: Login,
  now: Date,
): Proof {
  if (operational === undefined) return wrongCredential;
  if (fault?.kind === 'unknownAuthority') return { kind: 'refused', why: fault.kind };
  const trust = { kind: 'authorities', accepted: operational.policy.authorities } as const;
  // If the two differ, it is not known which one a renewed certificate has
  const isTrusted = [operational.registrationId, deviceId].some(
    (name) => judgeCertificates(certificates, trust, name, now, clockSkewSeconds) === 'trusted',
  );
  if (!isTrusted) return wrongCredential;
  const undocumented = [
    ...(renewsCertificates(user.apiVersion) ? [] : [`an operational certificate under api-version ${user.apiVersion}`]),
    ...(certificates.length > 1 ? [] : ['an operational certificate without its chain']),
  ].join('; ');
  if (undocumented === '') return accepted;
  return strict ? { kind: 'refused', why: undocumented } : { kind: 'accepted', note: undocumented };
}

interface HubUser {
  readonly hub: string;
  readonly deviceId: string;
  readonly apiVersion: string;
}

/** `{hub}/{deviceId}/?api-version={version}`, and the SDKs' `&DeviceClientType={user agent}`. */
function parseUsername(username: string): HubUser | undefined {
  const match = /^([^/]+)\/([^/]+)\/\?api-version=([^/&]+)(?:&[^/]*)?$/.exec(username);
  const [, hub, deviceId, apiVersion] = match ?? [];
  return hub === undefined || deviceId === undefined || apiVersion === undefined
    ? undefined
    : { hub, deviceId, apiVersion };
}
