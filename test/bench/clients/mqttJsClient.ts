import { setTimeout as delay } from 'node:timers/promises';
import mqtt from 'mqtt';
import { createSasToken } from '../../../src/attestation/sasToken.ts';
import type { BenchDevice } from '../benchDevice.ts';

/** mqtt.js used as its documentation shows: the library of our transport, without phases, limits or a transcript. */
export async function registerWithMqttJs({ host, port, idScope, registrationId, key }: BenchDevice): Promise<string> {
  const client = mqtt.connect({
    protocol: 'mqtts',
    host,
    port,
    protocolVersion: 4,
    clientId: registrationId,
    username: `${idScope}/registrations/${registrationId}/api-version=2019-03-31`,
    password: createSasToken({
      resource: `${idScope}/registrations/${registrationId}`,
      key: Buffer.from(key, 'base64'),
      expiresAtSeconds: Math.floor(Date.now() / 1000) + 3600,
      policy: 'registration',
    }),
    reconnectPeriod: 0,
  });
  await new Promise((connected) => client.once('connect', connected));
  await client.subscribeAsync('$dps/registrations/res/#', { qos: 1 });
  const response = new Promise<string>((received) => client.once('message', received));
  await client.publishAsync('$dps/registrations/PUT/iotdps-register/?$rid=1', JSON.stringify({ registrationId }), {
    qos: 1,
  });
  const topic = await response;
  const waitMs = Number(/retry-after=(\d+)/.exec(topic)?.[1] ?? 0) * 1000;
  await delay(waitMs);
  await client.endAsync();
  return topic;
}
