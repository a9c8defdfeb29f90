/** The document's sentences asked of a service by a client that speaks raw packets: each check fails where the sentence does not hold. */
import { once } from 'node:events';
import { connect as connectTls } from 'node:tls';
import { expect } from 'vitest';
import { WebSocket } from 'ws';
import type { DocumentTarget } from '../support/documentTarget.ts';
import { isPublish, isSuback, type RawMqttClient, rawMqttOverTcp } from '../support/rawMqttClient.ts';

export const responseFilter = '$dps/registrations/res/#';
export const registerTopic = '$dps/registrations/PUT/iotdps-register/?$rid=1';
export const statusTopic = '$dps/registrations/GET/iotdps-get-operationstatus/?$rid=2&operationId=';

export async function connected(target: DocumentTarget): Promise<RawMqttClient> {
  const client = await target.open();
  client.send(target.connectPacket());
  expect(await client.next()).toMatchObject({ cmd: 'connack', returnCode: 0, sessionPresent: false });
  return client;
}

/** CONNECT with these changes is not let in: refused by a CONNACK, or by the end of the connection. */
export async function notLetIn(
  target: DocumentTarget,
  over: Parameters<DocumentTarget['connectPacket']>[0],
): Promise<void> {
  const client = await target.open();
  client.send(target.connectPacket(over));
  const [first] = await client.rest();
  expect(first === undefined || (first.cmd === 'connack' && first.returnCode !== 0)).toBe(true);
}

/** A credential is refused either at CONNECT or, as was seen in public, only in the answer to the registration. */
export async function credentialRefused(target: DocumentTarget, password: string): Promise<void> {
  const client = await target.open();
  client.send(target.connectPacket({ password: Buffer.from(password) }));
  const connack = await client.next();
  if (connack === 'closed' || (connack.cmd === 'connack' && connack.returnCode !== 0)) return;
  await subscribe(client, 1);
  publish(client, registerTopic, registration(target));
  const answer = await client.next();
  expect(isPublish(answer) && answer.topic).toMatch(/^\$dps\/registrations\/res\/40[134]\//);
}

export async function subscribe(client: RawMqttClient, qos: 0 | 1 | 2, topic = responseFilter): Promise<number> {
  client.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic, qos }] });
  const suback = await client.next();
  return isSuback(suback) ? Number(suback.granted[0]) : 0x80;
}

export function publish(client: RawMqttClient, topic: string, payload: string): void {
  client.send({ cmd: 'publish', topic, payload, qos: 0, dup: false, retain: false });
}

export function registration({ registrationId }: DocumentTarget): string {
  return JSON.stringify({ registrationId });
}

export interface Received {
  readonly topic: string;
  readonly qos: number;
  readonly body: Record<string, unknown>;
}

/** The next answer on the response topic; a PUBACK of ours may come before it. */
export async function answerTo(client: RawMqttClient, topic: string, payload: string): Promise<Received> {
  publish(client, topic, payload);
  const packet = await client.next();
  if (!isPublish(packet)) throw new Error(`expected an answer, not ${packet === 'closed' ? packet : packet.cmd}`);
  if (packet.qos === 1) client.send({ cmd: 'puback', messageId: Number(packet.messageId) });
  return { topic: packet.topic, qos: packet.qos, body: JSON.parse(packet.payload.toString()) };
}

/** Registers and polls until the service has finished, as often as it asks. */
export async function registered(target: DocumentTarget): Promise<readonly Received[]> {
  const client = await connected(target);
  await subscribe(client, 1);
  const answers = [await answerTo(client, registerTopic, registration(target))];
  for (let last = answers[0]; last?.topic.includes('/res/202/'); last = answers.at(-1)) {
    await new Promise((resume) => setTimeout(resume, Number(/retry-after=(\d+)/.exec(last.topic)?.[1] ?? 2) * 1000));
    answers.push(await answerTo(client, statusTopic + answers[0]?.body.operationId, ''));
  }
  return answers;
}

export async function plaintextIsNotServed(
  { port }: DocumentTarget,
  packet: Parameters<RawMqttClient['send']>[0],
): Promise<void> {
  const client = await rawMqttOverTcp(port);
  client.send(packet);
  expect(await client.rest()).toEqual([]);
}

export async function tls11IsRefused({ host, port }: DocumentTarget): Promise<void> {
  const old = { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
  const socket = connectTls({ host, port, servername: host, ...old });
  await expect(once(socket, 'secureConnect')).rejects.toMatchObject({
    code: expect.stringMatching(/ALERT|ECONNRESET/),
  });
}

/** The subprotocol that is agreed on, or the error of the upgrade. */
export async function webSocket({ host, wssPort }: DocumentTarget, subprotocols: string[]): Promise<string> {
  const socket = new WebSocket(`wss://${host}:${wssPort}/$iothub/websocket`, subprotocols);
  await once(socket, 'open');
  socket.terminate();
  return socket.protocol;
}
