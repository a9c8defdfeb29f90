/** One DPS stand-in for the rules of the document, and clients at each stage of the exchange. */
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { createLocalAuthority, type LocalAuthority } from '../../src/emulator/certificates.ts';
import { type RunningDps, startDps } from '../../src/emulator/dps/startDps.ts';
import { connectPacket, type RawMqttClient, rawMqttOverTls } from './rawMqttClient.ts';
import { registrationToken } from './sasToken.ts';

export const responseFilter = '$dps/registrations/res/#';
export const token = registrationToken('one', keyOfOne());

export interface DocumentDps {
  readonly authority: LocalAuthority;
  readonly dps: () => RunningDps;
  /** After the TLS handshake. */
  open(): Promise<RawMqttClient>;
  /** After an accepted CONNECT of device `one`. */
  connected(): Promise<RawMqttClient>;
  /** After a granted SUBSCRIBE. */
  subscribed(qos?: 0 | 1 | 2): Promise<RawMqttClient>;
}

/** Starts and closes with the test file; clients are ended after each test. */
export async function documentDps(): Promise<DocumentDps> {
  const authority = await createLocalAuthority();
  const clients: RawMqttClient[] = [];
  let running: RunningDps | undefined;

  beforeAll(async () => {
    const attestation = { type: 'symmetricKey', symmetricKey: { primaryKey: keyOfOne() } } as const;
    running = await startDps({
      certificate: await authority.issueServer(),
      configuration: { retryAfterSeconds: 3, individualEnrollments: [{ registrationId: 'one', attestation }] },
    });
  });
  afterAll(() => running?.close());
  afterEach(() => {
    for (const client of clients.splice(0)) client.end();
  });

  const dps = (): RunningDps => {
    if (running === undefined) throw new Error('only within a test');
    return running;
  };
  const open = async () => {
    const client = await rawMqttOverTls({ port: dps().mqttsPort, ca: authority.caPem });
    clients.push(client);
    return client;
  };
  const connected = async () => {
    const client = await open();
    client.send(connectPacket('one', token));
    expect(await client.next()).toMatchObject({ cmd: 'connack', returnCode: 0, sessionPresent: false });
    return client;
  };
  const subscribed = async (qos: 0 | 1 | 2 = 1) => {
    const client = await connected();
    client.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: responseFilter, qos }] });
    expect(await client.next()).toMatchObject({ cmd: 'suback' });
    return client;
  };
  return { authority, dps, open, connected, subscribed };
}

export function publish(client: RawMqttClient, topic: string, payload: string, qos: 0 | 1 | 2 = 0): void {
  client.send({ cmd: 'publish', topic, payload, qos, messageId: 7, dup: false, retain: false });
}

function keyOfOne(): string {
  return Buffer.from('key of one').toString('base64');
}
