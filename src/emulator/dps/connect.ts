import type { IConnectPacket } from 'mqtt-packet';
import type { Dps, DpsSession } from './device.ts';
import { checkEnrollment, faultsOf } from './enrollments.ts';
import { type Fault, faultAt } from './faults/faults.ts';
import { playAfter, playBefore, slowness } from './faults/injectFault.ts';
import { packetOf } from './packetOf.ts';
import { registrationIdPattern } from './registrationId.ts';

/** CONNACK return codes, MQTT 3.1.1 section 3.2.2.3. */
const accepted = 0;
const unacceptableProtocolVersion = 1;
const identifierRejected = 2;
const badUserNameOrPassword = 4;
const notAuthorized = 5;

const apiVersions = new Set(['2019-03-31', '2021-06-01', '2021-10-01']);

interface Identity {
  readonly idScope: string;
  readonly registrationId: string;
  readonly apiVersion: string;
}

/** CONNECT: "the device must use the following values" (document, "Using the MQTT protocol directly"). */
export function handleConnect(dps: Dps, session: DpsSession, packet: IConnectPacket): Promise<void> | undefined {
  const atMs = Date.now();
  const record = (answer: number | undefined, note: string | undefined): undefined => {
    dps.history.record({ ...packetOf(session, packet.clientId), atMs, kind: 'connect', answer, note });
  };
  const refuse = (returnCode: number, why: string): undefined => {
    record(returnCode, why);
    session.send({ cmd: 'connack', returnCode, sessionPresent: false }); // [MQTT-3.2.2-4] no session with a refusal
    session.close(why); // [MQTT-3.2.2-5]
    return undefined;
  };

  const read = readConnect(packet);
  if ('returnCode' in read) return refuse(read.returnCode, read.why);

  const password = packet.password?.toString('utf8');
  const certificates = password === undefined ? session.wire.certificates : [];
  if (password === undefined && certificates.length === 0)
    return refuse(notAuthorized, 'neither password nor certificate');

  const admission = checkEnrollment(dps.configuration, { ...read, password, certificates }, new Date());
  const faults = faultsOf(dps.configuration, read.registrationId, admission);
  if (faultAt(faults, 'fragmented', 'connect') !== undefined) session.fragment();

  const respond = (): undefined => {
    const injected = playBefore(session, faults, 'connect');
    if (injected !== undefined) return record(undefined, injected);
    const connack = faultAt(faults, 'connack', 'connect');
    if (connack !== undefined) return refuse(connack.returnCode, 'connack');
    if (admission.kind === 'refused' && dps.configuration.refuseAt === 'connect')
      return refuse(notAuthorized, admission.why);
    accept(session, read, { admission, faults, keepAliveSeconds: packet.keepalive ?? 0 });
    record(accepted, admission.kind === 'refused' ? admission.why : undefined);
    session.send({ cmd: 'connack', returnCode: accepted, sessionPresent: false }); // [MQTT-3.2.2-1] with CleanSession 1
    playAfter(session, faults, 'connect');
    return undefined;
  };
  return slowness(session, faults, 'connect')?.then(respond) ?? respond();
}

function accept(
  session: DpsSession,
  { registrationId, apiVersion }: Identity,
  rest: {
    readonly admission: ReturnType<typeof checkEnrollment>;
    readonly faults: readonly Fault[];
    readonly keepAliveSeconds: number;
  },
): void {
  const { admission, faults, keepAliveSeconds } = rest;
  session.state = { registrationId, apiVersion, admission, faults, subscribedQos: undefined, lastDelivery: undefined };
  session.keepAlive(keepAliveSeconds);
}

type Refusal = { readonly returnCode: number; readonly why: string };

function readConnect(packet: IConnectPacket): Identity | Refusal {
  // [MQTT-3.1.2-2] level 4 is MQTT 3.1.1, the only one that the document names
  if (packet.protocolId !== 'MQTT' || packet.protocolVersion !== 4)
    return { returnCode: unacceptableProtocolVersion, why: 'not MQTT 3.1.1' };
  // "DPS does not support the functionality of the CleanSession flag set to 0" (document)
  if (packet.clean !== true) return { returnCode: notAuthorized, why: 'CleanSession is 0' };
  if (!registrationIdPattern.test(packet.clientId))
    return { returnCode: identifierRejected, why: 'the ClientID is no registrationId' };

  const identity = parseUsername(packet.username ?? '');
  if (identity === undefined)
    return {
      returnCode: badUserNameOrPassword,
      why: 'the username is not {idScope}/registrations/{registrationId}/api-version={version}',
    };
  if (identity.registrationId !== packet.clientId)
    return { returnCode: identifierRejected, why: 'the ClientID is not the registrationId of the username' };
  if (!apiVersions.has(identity.apiVersion))
    return { returnCode: badUserNameOrPassword, why: `api-version ${identity.apiVersion} is not known` };
  return identity;
}

/** `{idScope}/registrations/{registrationId}/api-version={version}`, and the SDKs' `&ClientVersion={user agent}`. */
function parseUsername(username: string): Identity | undefined {
  const match = /^([^/]+)\/registrations\/([^/]+)\/api-version=([^&/]+)(?:&[A-Za-z]+=[^&/]*)*$/.exec(username);
  const [, idScope, registrationId, apiVersion] = match ?? [];
  if (idScope === undefined || registrationId === undefined || apiVersion === undefined) return undefined;
  return { idScope, registrationId, apiVersion };
}
