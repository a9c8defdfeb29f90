import type { IPublishPacket } from 'mqtt-packet';
import type { RecordedRequest } from '../mqtt/requestHistory.ts';
import type { Device, Dps, DpsRequestKind, DpsSession } from './device.ts';
import { deliveriesFor } from './faults/deliveries.ts';
import { faultAt } from './faults/faults.ts';
import { playAfter, playBefore, slowness } from './faults/injectFault.ts';
import { packetOf } from './packetOf.ts';
import { answer } from './respond.ts';
import { parseRequestTopic } from './topics.ts';

const recordedBodyCharacters = 2_048;

/** PUBLISH: a register request or a status query, and nothing else. */
export function handlePublish(dps: Dps, session: DpsSession, packet: IPublishPacket): Promise<void> | undefined {
  const device = session.state;
  if (device === undefined) return undefined;
  const atMs = Date.now();
  const body = packet.payload.toString();
  const record = (kind: DpsRequestKind, more: Partial<RecordedRequest>): undefined => {
    const recordedBody = body.trim() === '' ? undefined : body.slice(0, recordedBodyCharacters);
    dps.history.record({ ...packetOf(session), ...more, atMs, kind, topic: packet.topic, body: recordedBody });
  };
  const refuse = (note: string): undefined => {
    record('publish', { note });
    session.close(note); // [MQTT-3.3.5-2] a PUBLISH that is not authorized: acknowledge it all the same, or close
    return undefined;
  };

  const request = parseRequestTopic(packet.topic);
  if (request === undefined) return refuse('a topic that the document does not name');
  // "To register, a device must subscribe to $dps/registrations/res/#" (document): without it no answer could reach it
  const { subscribedQos } = device;
  if (subscribedQos === undefined) return refuse('not subscribed to the response filter');

  const respond = (): undefined => {
    const phase = request.kind;
    const recorded = { rid: request.rid, operationId: request.kind === 'poll' ? request.operationId : undefined };
    const injected = playBefore(session, device.faults, phase);
    if (injected !== undefined) return record(phase, { ...recorded, note: injected });
    // [MQTT-4.3.2-2] at QoS 1 the PUBLISH is acknowledged once it has been taken over
    if (packet.qos === 1 && faultAt(device.faults, 'noPuback', phase) === undefined) {
      session.send({ cmd: 'puback', messageId: packet.messageId ?? 0 });
    }
    const given = answer(dps, device, request, body, new Date());
    record(phase, { ...recorded, answer: given.status, note: noteOf(device, phase) });
    const travel = { phase, rid: request.rid, previous: device.lastDelivery };
    for (const delivery of deliveriesFor(given, device.faults, travel)) {
      session.deliver(delivery.topic, delivery.payload, subscribedQos); // "delivers messages at QoS 1" (document)
      device.lastDelivery = delivery;
    }
    playAfter(session, device.faults, phase);
    return undefined;
  };
  return slowness(session, device.faults, request.kind)?.then(respond) ?? respond();
}

/** Why the device is refused, or the fault that was injected at this packet. */
function noteOf({ admission, faults }: Device, phase: 'register' | 'poll'): string | undefined {
  if (admission.kind === 'refused') return admission.why;
  return faults.find((fault) => faultAt([fault], fault.kind, phase) !== undefined)?.kind;
}
