import { randomUUID } from 'node:crypto';
import type { IPublishPacket } from 'mqtt-packet';
import { deliveriesFor } from './deliveries.ts';
import type { Device, Dps, DpsRequestKind, DpsSession } from './device.ts';
import type { Admitted } from './enrollments.ts';
import { answerWithFaults } from './faultAnswers.ts';
import { faultAt } from './faults.ts';
import { playAfter, playBefore, slowness } from './playFault.ts';
import { assigned, errorAnswer, queryStatus, register, type ServiceAnswer } from './service.ts';
import { type DeviceRequest, parseRequestTopic } from './topics.ts';

const recordedBodyCharacters = 2_048;

/** PUBLISH: a register request or a status query, and nothing else. */
export function handlePublish(dps: Dps, session: DpsSession, packet: IPublishPacket): Promise<void> | undefined {
  const device = session.state;
  if (device === undefined) return undefined;
  const atMs = Date.now();
  const body = packet.payload.toString();
  const record = (kind: DpsRequestKind, more: { answer?: number; note?: string; rid?: string; operationId?: string }) =>
    dps.history.record({
      atMs,
      connection: session.number,
      transport: session.wire.transport,
      clientId: device.registrationId,
      kind,
      topic: packet.topic,
      ...(body.trim() === '' ? {} : { body: body.slice(0, recordedBodyCharacters) }),
      ...more,
    });
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

  const answer = (): undefined => {
    const phase = request.kind;
    const recorded = { rid: request.rid, ...(request.kind === 'poll' ? { operationId: request.operationId } : {}) };
    const played = playBefore(session, device.faults, phase);
    if (played !== undefined) return record(phase, { ...recorded, note: played }) as undefined;
    // [MQTT-4.3.2-2] at QoS 1 the PUBLISH is acknowledged once it has been taken over
    if (packet.qos === 1 && faultAt(device.faults, 'noPuback', phase) === undefined) {
      session.send({ cmd: 'puback', messageId: packet.messageId ?? 0 });
    }
    const given = answerOf(dps, device, request, body);
    record(phase, { ...recorded, answer: given.status, ...noteOf(device) });
    for (const delivery of deliveriesFor(given, device.faults, {
      phase,
      rid: request.rid,
      previous: device.lastDelivery,
    })) {
      session.deliver(delivery.topic, delivery.payload, subscribedQos); // "delivers messages at QoS 1" (document)
      device.lastDelivery = delivery;
    }
    playAfter(session, device.faults, phase);
    return undefined;
  };
  return slowness(device.faults, request.kind)?.then(answer) ?? answer();
}

function noteOf(device: Device): { note?: string } {
  if (device.admission.kind === 'refused') return { note: device.admission.why };
  const [fault] = device.faults;
  return fault === undefined ? {} : { note: fault.kind };
}

function answerOf(dps: Dps, device: Device, request: DeviceRequest, body: string): ServiceAnswer {
  const { registrationId, admission, faults } = device;
  const now = new Date();
  const count = countUp(dps.counts, `${request.kind} ${registrationId}`);
  const refusal = admission.kind === 'refused' ? admission : undefined;
  const honest = (): ServiceAnswer => {
    // Where a wrong credential was publicly seen to be refused: CONNECT and SUBSCRIBE succeed, the answer is 401
    if (admission.kind === 'refused') return errorAnswer(admission.status, admission.errorCode, admission.message, now);
    const given =
      request.kind === 'register'
        ? register(dps.state, dps.rules, {
            registrationId,
            apiVersion: device.apiVersion,
            admitted: admission,
            body,
            now,
          })
        : queryStatus(dps.state, dps.rules, { registrationId, operationId: request.operationId, now });
    return given;
  };
  const answer =
    faults.length === 0
      ? honest()
      : answerWithFaults(faults, {
          phase: request.kind,
          registrationId,
          operationId: request.kind === 'poll' ? request.operationId : `4.0000000000000000.${randomUUID()}`,
          count,
          now,
          honest,
          assignedNow: () =>
            refusal === undefined && admission.kind === 'admitted'
              ? assignAtOnce(dps, device, admission, now)
              : honest(),
        });
  if (admission.kind === 'admitted') announce(dps, admission, answer);
  return answer;
}

function assignAtOnce(dps: Dps, { registrationId }: Device, admitted: Admitted, now: Date): ServiceAnswer {
  const operationId = `4.0000000000000000.${randomUUID()}`;
  return assigned(
    dps.state,
    dps.rules,
    { operationId, registrationId, admitted, returnPayload: undefined, polls: 0 },
    now,
  );
}

/** Tells the IoT Hub stand-in of a device that has just been assigned, as the service creates it in its hub. */
function announce(dps: Dps, admitted: Admitted, answer: ServiceAnswer): void {
  if (answer.status !== 200) return;
  const state = (answer.body as { readonly registrationState?: { assignedHub?: string; deviceId?: string } })
    ?.registrationState;
  if (state?.assignedHub === undefined || state.deviceId === undefined) return;
  dps.registry?.put({ hub: state.assignedHub, deviceId: state.deviceId, credential: admitted.credential });
}

function countUp(counts: Map<string, number>, key: string): number {
  const count = (counts.get(key) ?? 0) + 1;
  counts.set(key, count);
  return count;
}
