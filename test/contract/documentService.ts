/** The document's sentences, tested at a service with a client that sends raw packets: each check fails if the sentence is not true. */
import { once } from 'node:events';
import { connect as connectTls } from 'node:tls';
import { expect } from 'vitest';
import { WebSocket } from 'ws';
import type { DocumentTarget } from '../support/documentTarget.ts';
import { isPublish, isSuback, type RawMqttClient, rawMqttOverTcp } from '../support/rawMqttClient.ts';

export const responseFilter = '$dps/registrations/res/#';
export const registerTopic = '$dps/registrations/PUT/iotdps-register/?$rid=1';
export const statusTopic = '$dps/registrations/GET/iotdps-get-operationstatus/?$rid=2&operationId=';

export async function connected(
  target: DocumentTarget,
  over: Parameters<DocumentTarget['connectPacket']>[0] = {},
): Promise<RawMqttClient> {
  const client = await target.open();
  client.send(target.connectPacket(over));
  expect(await client.next()).toMatchObject({ cmd: 'connack', returnCode: 0, sessionPresent: false });
  return client;
}

/** CONNECT with these changes is not accepted: refused with a CONNACK, or the connection is closed. */
export async function notAccepted(
  target: DocumentTarget,
  over: Parameters<DocumentTarget['connectPacket']>[0],
): Promise<void> {
  const client = await target.open();
  client.send(target.connectPacket(over));
  const [first] = await client.rest();
  expect(first === undefined || (first.cmd === 'connack' && first.returnCode !== 0)).toBe(true);
}

/** A credential is refused either at CONNECT or, as was seen in public, only in the response to the registration. */
export async function credentialRefused(target: DocumentTarget, password: string): Promise<void> {
  const topic = await registerWithPassword(target, password);
  if (topic !== 'refused at CONNECT') expect(topic).toMatch(/^\$dps\/registrations\/res\/40[134]\//);
}

export async function credentialAccepted(target: DocumentTarget, password: string): Promise<void> {
  expect(await registerWithPassword(target, password)).toMatch(/^\$dps\/registrations\/res\/202\//);
}

/** The topic of the response to a registration, or that there was none because CONNECT was refused. */
async function registerWithPassword(target: DocumentTarget, password: string): Promise<string> {
  const client = await target.open();
  client.send(target.connectPacket({ password: Buffer.from(password) }));
  const connack = await client.next();
  if (connack === 'closed' || (connack.cmd === 'connack' && connack.returnCode !== 0)) return 'refused at CONNECT';
  await subscribe(client, 1);
  publish(client, registerTopic, registration(target));
  const response = await client.next();
  return isPublish(response) ? response.topic : `no response: ${response === 'closed' ? response : response.cmd}`;
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

/** The next response on the response topic; a PUBACK may arrive before it. */
export async function responseTo(client: RawMqttClient, topic: string, payload: string): Promise<Received> {
  publish(client, topic, payload);
  const packet = await client.next();
  if (!isPublish(packet)) throw new Error(`expected a response, not ${packet === 'closed' ? packet : packet.cmd}`);
  if (packet.qos === 1) client.send({ cmd: 'puback', messageId: Number(packet.messageId) });
  return { topic: packet.topic, qos: packet.qos, body: JSON.parse(packet.payload.toString()) };
}

const registrations = new WeakMap<DocumentTarget, Promise<readonly Received[]>>();

/** The responses to a registration: to register, and to each query until the service has finished. Run once for each service. */
export function registered(target: DocumentTarget): Promise<readonly Received[]> {
  const replies = registrations.get(target) ?? registerToTheEnd(target);
  registrations.set(target, replies);
  return replies;
}

async function registerToTheEnd(target: DocumentTarget): Promise<readonly Received[]> {
  const client = await connected(target);
  await subscribe(client, 1);
  const replies = [await responseTo(client, registerTopic, registration(target))];
  for (let last = replies[0]; last?.topic.includes('/res/202/'); last = replies.at(-1)) {
    await new Promise((resume) => setTimeout(resume, Number(/retry-after=(\d+)/.exec(last.topic)?.[1] ?? 2) * 1000));
    replies.push(await responseTo(client, statusTopic + replies[0]?.body.operationId, ''));
  }
  return replies;
}

/** A client with a subscription at this QoS. */
export async function subscribed(target: DocumentTarget, qos: 0 | 1 | 2 = 1): Promise<RawMqttClient> {
  const client = await connected(target);
  await subscribe(client, qos);
  return client;
}

/** A CONNECT without TLS gets no response on the ports that are there for TLS. */
export async function plaintextIsNotServed(target: DocumentTarget): Promise<void> {
  for (const port of [target.port, target.wssPort]) {
    const client = await rawMqttOverTcp(port, target.host);
    client.send(target.connectPacket());
    const packets = (await client.rest()).map(({ cmd }) => cmd);
    expect(packets).not.toContain('connack');
  }
}

/** The MQTT port does not support connections without TLS: the connection is refused, or gets no response. */
export async function port1883IsNotServed(target: DocumentTarget): Promise<void> {
  const patience = AbortSignal.timeout(5_000);
  const attempt = rawMqttOverTcp(1883, target.host).then(async (client) => {
    client.send(target.connectPacket());
    const first = await Promise.race([client.next(), once(patience, 'abort')]);
    client.end();
    return first;
  });
  const firstEvent = await Promise.race([attempt, once(patience, 'abort')]).catch(() => 'refused');
  expect(firstEvent).not.toMatchObject({ cmd: 'connack' });
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

/** The code with which a WebSocket is closed after a text frame. */
export async function closeCodeForText({ host, wssPort }: DocumentTarget): Promise<number> {
  const socket = new WebSocket(`wss://${host}:${wssPort}/$iothub/websocket`, ['mqtt']);
  await once(socket, 'open');
  socket.send('hello');
  const [code] = await once(socket, 'close');
  return Number(code);
}
