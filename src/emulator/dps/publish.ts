import type { IPublishPacket } from 'mqtt-packet';
import type { RecordedRequest } from '../mqtt/requestHistory.ts';
import { type Device, type Dps, type DpsRequestKind, type DpsSession, packetOf } from './device.ts';
import { deliveriesFor } from './faults/deliveries.ts';
import { faultAt } from './faults/faults.ts';
import { delayOf, injectAfter, injectBefore } from './faults/injectFault.ts';
import { respond } from './respond.ts';
import type { ServiceResponse } from './responses.ts';
import { parseRequestTopic } from './topics.ts';

const maxRecordedCharacters = 2_048;

/** PUBLISH: only a register request or a status query. */
export function handlePublish(dps: Dps, session: DpsSession, packet: IPublishPacket): Promise<void> | undefined {
  const device = session.state;
  if (device === undefined) return undefined;
  const atMs = Date.now();
  const body = packet.payload.toString();
  const record = (kind: DpsRequestKind, more: Partial<RecordedRequest>): undefined => {
    const recordedBody = body.trim() === '' ? undefined : body.slice(0, maxRecordedCharacters);
    dps.history.record({ ...packetOf(session), ...more, atMs, kind, topic: packet.topic, body: recordedBody });
  };
  const refuse = (note: string): undefined => {
    record('publish', { note });
    session.close(note); // [MQTT-3.3.5-2] a PUBLISH that is not authorized is either acknowledged, or the connection is closed
    return undefined;
  };

  const request = parseRequestTopic(packet.topic);
  if (request === undefined) return refuse('a topic that the document does not name');
  // "a device should subscribe using $dps/registrations/res/# as a Topic Filter" (document): no response reaches it without
  const { subscribedQos } = device;
  if (subscribedQos === undefined) return refuse('not subscribed to the response filter');

  const phase = request.kind;
  const recorded = { rid: request.rid, operationId: request.kind === 'poll' ? request.operationId : undefined };
  const deliver = (response: ServiceResponse): undefined => {
    record(phase, { ...recorded, answer: response.status, note: noteOf(device, phase) ?? response.note });
    // "After that, DPS delivers messages to the device using QoS 1" (document); QoS 0 has also been seen
    const qos = faultAt(device.faults, 'qos0', phase) === undefined ? subscribedQos : 0;
    const context = { phase, rid: request.rid, previous: device.lastDelivery };
    for (const delivery of deliveriesFor(response, device.faults, context)) {
      session.deliver(delivery.topic, delivery.payload, qos);
      device.lastDelivery = delivery;
    }
    injectAfter(session, device.faults, phase);
    return undefined;
  };
  const handle = (): Promise<void> | undefined => {
    if (device.decision.kind === 'refused' && dps.configuration.refuseAt === 'close') {
      record(phase, { ...recorded, note: device.decision.why });
      session.close(device.decision.why);
      return undefined;
    }
    const injected = injectBefore(session, device.faults, phase);
    if (injected !== undefined) return record(phase, { ...recorded, note: injected });
    // [MQTT-4.3.2-2] with QoS 1 the PUBLISH is acknowledged after it has been accepted
    if (packet.qos === 1 && faultAt(device.faults, 'noPuback', phase) === undefined) {
      session.send({ cmd: 'puback', messageId: packet.messageId ?? 0 });
    }
    const response = respond(dps, device, request, body);
    return response instanceof Promise ? response.then(deliver) : deliver(response);
  };
  return delayOf(session, device.faults, phase)?.then(handle) ?? handle();
}

/** Why the device is refused, or the fault that was injected at this packet. */
function noteOf({ decision, faults }: Device, phase: 'register' | 'poll'): string | undefined {
  if (decision.kind === 'refused') return decision.why;
  return faults.find((fault) => faultAt([fault], fault.kind, phase) !== undefined)?.kind;
}
