import type { IPublishPacket } from 'mqtt-packet';
import { type ConnectedDevice, type Hub, type HubSession, packetOf, playFault } from './hubSession.ts';
import { type HubMessage, parseHubTopic, twinResponseFilter } from './topics.ts';
import { newTwin, reportProperties } from './twin.ts';

const recordedBodyCharacters = 2_048;

/** PUBLISH: telemetry, whose PUBACK is the proof that the hub has it, and the twin. */
export function handlePublish(hub: Hub, session: HubSession, packet: IPublishPacket): undefined {
  const device = session.state;
  if (device === undefined) return;
  const body = packet.payload.toString();
  const message = parseHubTopic(packet.topic, device.deviceId);
  const record = (answer: number | undefined, note: string | undefined): undefined => {
    const recorded = { topic: packet.topic, body: body.slice(0, recordedBodyCharacters), answer, note };
    hub.history.record({ ...packetOf(session), kind: message?.kind ?? 'publish', ...recorded });
  };
  if (message === undefined) {
    record(undefined, 'a topic on which a device may not publish');
    session.close('a topic on which a device may not publish'); // [MQTT-3.3.5-2]
    return;
  }

  const phase = message.kind === 'telemetry' ? 'telemetry' : 'twin';
  const injected = playFault(session, device.fault, phase);
  if (injected !== undefined) return record(undefined, injected);
  if (packet.qos === 1 && device.fault?.kind !== 'noPuback') {
    session.send({ cmd: 'puback', messageId: packet.messageId ?? 0 }); // [MQTT-4.3.2-2]
  }
  const answer = answerTwin(hub, device, message, body);
  record(answer?.status, device.fault?.kind);
  if (answer === undefined || !device.subscribed.has(twinResponseFilter)) return;
  session.deliver(`$iothub/twin/res/${answer.status}/?${answer.parameters}`, answer.body, 0);
}

interface TwinAnswer {
  readonly status: number;
  readonly parameters: string;
  readonly body: string;
}

function answerTwin(hub: Hub, device: ConnectedDevice, message: HubMessage, body: string): TwinAnswer | undefined {
  if (message.kind === 'telemetry' || message.kind === 'methodResponse') return undefined;
  const parameters = `$rid=${message.rid}`;
  if (device.fault?.kind === 'twinStatus') {
    const { status } = device.fault;
    return {
      status,
      parameters,
      body: JSON.stringify({ errorCode: status * 1000, message: 'A fault of the stand-in.' }),
    };
  }
  const twin = hub.twins.get(device.deviceId) ?? newTwin();
  if (message.kind === 'twinGet') return { status: 200, parameters, body: JSON.stringify(twin) };

  const patch = parsePatch(body);
  if (patch === undefined)
    return { status: 400, parameters, body: JSON.stringify({ errorCode: 400000, message: 'No JSON object.' }) };
  const reported = reportProperties(twin, patch);
  hub.twins.set(device.deviceId, reported);
  return { status: 204, parameters: `${parameters}&$version=${reported.reported.$version}`, body: '' };
}

function parsePatch(body: string): Record<string, unknown> | undefined {
  try {
    const patch: unknown = JSON.parse(body);
    return typeof patch === 'object' && patch !== null && !Array.isArray(patch) ? { ...patch } : undefined;
  } catch {
    return undefined; // the answer says so
  }
}
