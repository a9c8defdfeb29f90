/**
 * What the document ("Communicate with your DPS using the MQTT protocol") forbids, sent by a client of raw packets,
 * and how the stand-in responds: SUBSCRIBE and PUBLISH.
 */
import { describe, expect, it } from 'vitest';
import { documentDps, publish, responseFilter } from '../support/documentDps.ts';
import { isPublish, isSuback } from '../support/rawMqttClient.ts';

const { connected, subscribed } = await documentDps();
const registerTopic = '$dps/registrations/PUT/iotdps-register/?$rid=1';
const body = JSON.stringify({ registrationId: 'one' });

describe('SUBSCRIBE', () => {
  it.each([
    [0, 0],
    [1, 1],
    [2, 1],
  ] as const)('at QoS %i is granted QoS %i', async (qos, granted) => {
    const client = await connected();
    client.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: responseFilter, qos }] });
    expect(await client.next()).toMatchObject({ cmd: 'suback', granted: [granted] });
  });

  it.each(['#', '$dps/#', '$dps/registrations/res/+', '$dps/registrations/res/202/?$rid=1', 'telemetry'])(
    'to %s is refused with 0x80',
    async (topic) => {
      const client = await connected();
      client.send({
        cmd: 'subscribe',
        messageId: 1,
        subscriptions: [
          { topic, qos: 1 },
          { topic: responseFilter, qos: 1 },
        ],
      });
      const suback = await client.next();
      expect(isSuback(suback) && suback.granted).toEqual([0x80, 1]);
    },
  );

  it('can be removed, and the responses stop', async () => {
    const client = await subscribed();
    client.send({ cmd: 'unsubscribe', messageId: 2, unsubscriptions: [responseFilter] });
    expect(await client.next()).toMatchObject({ cmd: 'unsuback', messageId: 2 });
    publish(client, registerTopic, body);
    expect(await client.next()).toBe('closed');
  });
});

describe('PUBLISH', () => {
  it('to register gets 202 with retry-after, the status query 200', async () => {
    const client = await subscribed();
    publish(client, registerTopic, body, 1);
    expect(await client.next()).toMatchObject({ cmd: 'puback', messageId: 7 });
    const accepted = await client.next();
    expect(isPublish(accepted) && accepted.topic).toBe('$dps/registrations/res/202/?$rid=1&retry-after=3');
    const { operationId } = JSON.parse(String(isPublish(accepted) && accepted.payload));
    expect(operationId).toMatch(/^4\.[0-9a-f]{16}\.[0-9a-f-]{36}$/);
    publish(client, `$dps/registrations/GET/iotdps-get-operationstatus/?$rid=2&operationId=${operationId}`, '');
    const finished = await client.next();
    expect(isPublish(finished) && finished.topic).toBe('$dps/registrations/res/200/?$rid=2');
    expect(JSON.parse(String(isPublish(finished) && finished.payload))).toMatchObject({
      operationId,
      status: 'assigned',
      registrationState: { registrationId: 'one', deviceId: 'one', substatus: 'initialAssignment' },
    });
  });

  it.each([
    [0, 0],
    [1, 1],
    [2, 1],
  ] as const)('gets its response at QoS %i with a subscription at QoS %i, at most 1', async (qos, delivered) => {
    const client = await subscribed(qos);
    publish(client, registerTopic, body);
    expect(await client.next()).toMatchObject({ cmd: 'publish', qos: delivered });
  });

  it.each([
    ['before any subscription', connected, registerTopic, 0],
    ['to a topic of one’s own', subscribed, 'telemetry/one', 0],
    ['to the response topic', subscribed, '$dps/registrations/res/200/?$rid=1', 0],
    ['to register without $rid', subscribed, '$dps/registrations/PUT/iotdps-register/', 0],
    ['to query without operationId', subscribed, '$dps/registrations/GET/iotdps-get-operationstatus/?$rid=2', 0],
    ['at QoS 2', subscribed, registerTopic, 2],
  ] as const)('%s closes the connection', async (_, prepare, topic, qos) => {
    const client = await prepare();
    publish(client, topic, body, qos);
    expect(await client.next()).toBe('closed');
  });

  it.each([
    ['text that is not JSON', 'hello', 400],
    ['JSON that breaks off', '{"registrationId":"one"', 400],
    ['an array', '[]', 400],
    ['a registrationId that is a number', '{"registrationId":1}', 400],
    ['another registrationId', '{"registrationId":"two"}', 400],
    ['TPM attestation, which MQTT does not offer', '{"registrationId":"one","tpm":{}}', 400],
  ])('of a body with %s gets an error body', async (_, payload, status) => {
    const client = await subscribed();
    publish(client, registerTopic, payload);
    const reply = await client.next();
    expect(isPublish(reply) && reply.topic).toBe(`$dps/registrations/res/${status}/?$rid=1`);
    expect(JSON.parse(String(isPublish(reply) && reply.payload))).toMatchObject({
      errorCode: 400004,
      trackingId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      timestampUtc: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z$/),
    });
  });

  it('of an operation that does not exist gets 404', async () => {
    const client = await subscribed();
    publish(client, '$dps/registrations/GET/iotdps-get-operationstatus/?$rid=2&operationId=4.none', '');
    const reply = await client.next();
    expect(isPublish(reply) && reply.topic).toBe('$dps/registrations/res/404/?$rid=2');
  });
});
