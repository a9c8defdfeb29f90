import type { IConnectPacket } from 'mqtt-packet';
import { type Dps, type DpsSession, packetOf } from './device.ts';
import { type AcceptedDevice, checkEnrollment, type EnrollmentDecision, faultsOf } from './enrollments.ts';
import { type Fault, faultAt } from './faults/faults.ts';
import { delayOf, injectAfter, injectBefore } from './faults/injectFault.ts';
import { type DeviceIdentity, parseUsername, registrationIdPattern } from './identity.ts';

/** CONNACK return codes, MQTT 3.1.1 section 3.2.2.3. */
const connectionAccepted = 0;
const unacceptableProtocolVersion = 1;
const identifierRejected = 2;
const badUserNameOrPassword = 4;
const notAuthorized = 5;

/** CONNECT: "the device should use the following values" (document, "Using the MQTT protocol directly"). */
export function handleConnect(dps: Dps, session: DpsSession, packet: IConnectPacket): Promise<void> | undefined {
  const atMs = Date.now();
  const record = (answer: number | undefined, note: string | undefined): undefined => {
    dps.history.record({ ...packetOf(session, packet.clientId), atMs, kind: 'connect', answer, note });
  };
  const refuse = (returnCode: number, why: string): undefined => {
    record(returnCode, why);
    session.send({ cmd: 'connack', returnCode, sessionPresent: false }); // [MQTT-3.2.2-4] session present must be 0
    session.close(why); // [MQTT-3.2.2-5]
    return undefined;
  };

  const read = readConnect(packet, dps.configuration.strict);
  if ('returnCode' in read) return refuse(read.returnCode, read.why);

  const password = packet.password?.toString('utf8');
  const certificates = password === undefined ? session.wire.certificates : [];
  if (password === undefined && certificates.length === 0)
    return refuse(notAuthorized, 'neither password nor certificate');

  const decision = checkEnrollment(dps.configuration, { ...read, password, certificates }, new Date());
  const faults = faultsOf(dps.configuration, read.registrationId, decision);
  if (faultAt(faults, 'fragmented', 'connect') !== undefined) session.fragment();

  const respond = (): undefined => {
    const injected = injectBefore(session, faults, 'connect');
    if (injected !== undefined) return record(undefined, injected);
    const connack = faultAt(faults, 'connack', 'connect');
    if (connack !== undefined) return refuse(connack.returnCode, 'connack');
    if (decision.kind === 'refused' && dps.configuration.refuseAt === 'connect')
      return refuse(notAuthorized, decision.why);
    accept(session, read, { decision, faults, keepAliveSeconds: packet.keepalive ?? 0 });
    record(connectionAccepted, decision.kind === 'refused' ? decision.why : toleratedIn(packet, decision));
    session.send({ cmd: 'connack', returnCode: connectionAccepted, sessionPresent: false }); // [MQTT-3.2.2-1], [MQTT-3.2.2-3] sessions are not stored
    injectAfter(session, faults, 'connect');
    return undefined;
  };
  return delayOf(session, faults, 'connect')?.then(respond) ?? respond();
}

function accept(
  session: DpsSession,
  { registrationId, apiVersion }: DeviceIdentity,
  rest: {
    readonly decision: EnrollmentDecision;
    readonly faults: readonly Fault[];
    readonly keepAliveSeconds: number;
  },
): void {
  const { decision, faults, keepAliveSeconds } = rest;
  session.state = { registrationId, apiVersion, decision, faults, subscribedQos: undefined, lastDelivery: undefined };
  session.keepAlive(keepAliveSeconds);
}

/** What is accepted although the document does not allow it, as in the real service. */
function toleratedIn(packet: IConnectPacket, { note }: AcceptedDevice): string | undefined {
  const session = packet.clean === true ? [] : ['CleanSession is 0, but the session is not persistent'];
  return [...session, ...(note === undefined ? [] : [note])].join('; ') || undefined;
}

type Refusal = { readonly returnCode: number; readonly why: string };

function readConnect(packet: IConnectPacket, strict: boolean): DeviceIdentity | Refusal {
  // [MQTT-3.1.2-2] level 4 is MQTT 3.1.1, the only one that the document names
  if (packet.protocolId !== 'MQTT' || packet.protocolVersion !== 4)
    return { returnCode: unacceptableProtocolVersion, why: 'not MQTT 3.1.1' };
  // "DPS doesn't support the functionality of CleanSession flag being set to 0" (document): the real service accepts such a
  // device and stores no session
  if (packet.clean !== true && strict) return { returnCode: notAuthorized, why: 'CleanSession is 0' };
  if (!registrationIdPattern.test(packet.clientId))
    return { returnCode: identifierRejected, why: 'the ClientID is not a registrationId' };

  const identity = parseUsername(packet.username ?? '');
  if (identity === undefined)
    return {
      returnCode: badUserNameOrPassword,
      why: 'the username is not {idScope}/registrations/{registrationId}/api-version={version}',
    };
  if (identity.registrationId !== packet.clientId)
    return { returnCode: identifierRejected, why: 'the ClientID is not the registrationId of the username' };
  return identity;
}
