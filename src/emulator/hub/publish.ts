import type { IPublishPacket } from 'mqtt-packet';
import { type Hub, type HubSession, injectFault, packetOf } from './hubSession.ts';
import { handleRenewal } from './renewal.ts';
import { parseHubTopic, twinResponseFilter } from './topics.ts';
import { respondToTwin } from './twin.ts';

const maxRecordedCharacters = 2_048;
const forbiddenTopic = 'a topic on which a device may not publish';

/** PUBLISH: telemetry, the twin, and requests for a new certificate. */
export function handlePublish(hub: Hub, session: HubSession, packet: IPublishPacket): undefined {
  const device = session.state;
  if (device === undefined) return;
  const body = packet.payload.toString();
  const message = parseHubTopic(packet.topic, device.deviceId, device.apiVersion);
  const rid = message !== undefined && 'rid' in message ? message.rid : undefined;
  const record = (answer: number | undefined, note: string | undefined): undefined => {
    const recorded = { topic: packet.topic, rid, body: body.slice(0, maxRecordedCharacters), answer, note };
    hub.history.record({ ...packetOf(session), kind: message?.kind ?? 'publish', ...recorded });
  };
  if (message === undefined) {
    record(undefined, forbiddenTopic);
    session.close(forbiddenTopic); // [MQTT-3.3.5-2]
    return;
  }

  const injected = injectFault(session, device.fault, phaseOf[message.kind]);
  if (injected !== undefined) return record(undefined, injected);
  if (packet.qos === 1 && device.fault?.kind !== 'noPuback') {
    session.send({ cmd: 'puback', messageId: packet.messageId ?? 0 }); // [MQTT-4.3.2-2]
  }
  switch (message.kind) {
    case 'telemetry':
    case 'methodResponse':
      return record(undefined, device.fault?.kind);
    case 'renewal':
      return handleRenewal(hub, session, { device, rid: message.rid, body, record });
    case 'twinGet':
    case 'twinPatch': {
      const status = device.fault?.kind === 'twinStatus' ? device.fault.status : undefined;
      const response = respondToTwin(hub.twins, device.deviceId, { kind: message.kind, body }, status);
      record(response.status, device.fault?.kind);
      if (!device.subscribed.has(twinResponseFilter)) return;
      session.deliver(
        `$iothub/twin/res/${response.status}/?$rid=${message.rid}${response.parameters}`,
        response.body,
        0,
      );
      return;
    }
  }
}

const phaseOf = {
  telemetry: 'telemetry',
  methodResponse: 'twin',
  twinGet: 'twin',
  twinPatch: 'twin',
  renewal: 'renewal',
} as const;
