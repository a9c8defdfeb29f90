/** The document from the register message on: registration, polling, WebSocket. */
import { expect } from 'vitest';
import type { ClientRuns } from './clientRuns.ts';
import type { DocumentRow } from './documentRow.ts';
import * as service from './documentService.ts';

const { responseTo, registered, registerTopic, statusTopic, subscribed } = service;
const requestsOf = ({ requests }: ClientRuns, kind: string) => requests.filter((request) => request.kind === kind);
const operationStatus = { operationId: expect.any(String), status: expect.any(String) };
/** Clocks of two processes' timers differ by less. */
const toleranceMs = 20;

export const provisioningRows: readonly DocumentRow[] = [
  {
    id: 'D25',
    quote:
      'The device should publish a register message to DPS using $dps/registrations/PUT/iotdps-register/?$rid={request_id} as a Topic Name',
    meaning: 'the register message is published to this topic',
    client: {
      does: 'publishes to it, with a $rid',
      check: (runs) => {
        for (const { topic } of requestsOf(runs, 'register'))
          expect(topic).toMatch(/^\$dps\/registrations\/PUT\/iotdps-register\/\?\$rid=\w+$/);
        expect(requestsOf(runs, 'register')).toHaveLength(2); // over MQTT and over WebSocket
      },
    },
    service: {
      does: 'responds to it',
      appliesTo: 'any',
      check: async (target) =>
        expect((await registered(target))[0]?.topic).toMatch(/^\$dps\/registrations\/res\/202\//),
    },
  },
  {
    id: 'D26',
    quote: 'The payload should contain the Device Registration object in JSON format',
    meaning: 'its body is a DeviceRegistration as JSON',
    client: {
      does: 'sends one',
      check: (runs) => {
        const [register] = requestsOf(runs, 'register');
        expect(JSON.parse(register?.body ?? '')).toEqual({ registrationId: runs.mqtt.registrationId });
      },
    },
    service: {
      does: 'responds 400 to a body that is not JSON',
      appliesTo: 'standIn',
      check: async (target) => {
        const { topic } = await responseTo(await subscribed(target), registerTopic, 'not JSON');
        expect(topic).toContain('/res/400/');
      },
    },
    alsoIn: 'test/contract/documentRequests.test.ts',
  },
  {
    id: 'D27',
    quote:
      'the device will receive a response on the $dps/registrations/res/202/?$rid={request_id}&retry-after=x topic name where x is the retry-after value in seconds',
    meaning: 'the response is 202 on this topic, with the same $rid and a retry-after in seconds',
    client: {
      does: 'waits that many seconds',
      check: (runs) => {
        const [register] = requestsOf(runs, 'register');
        const [poll] = requestsOf(runs, 'poll');
        expect(register?.answer).toBe(202);
        expect(Number(poll?.atMs) - Number(register?.atMs)).toBeGreaterThanOrEqual(1000 - toleranceMs);
      },
    },
    service: {
      does: 'sends this response',
      appliesTo: 'any',
      check: async (target) =>
        expect((await registered(target))[0]?.topic).toMatch(
          /^\$dps\/registrations\/res\/202\/\?\$rid=1&retry-after=\d+$/,
        ),
    },
    alsoIn: 'test/probes/runProbe.test.ts',
  },
  {
    id: 'D28',
    quote: 'The payload of the response will contain the RegistrationOperationStatus object in JSON format',
    meaning: 'its body is a RegistrationOperationStatus as JSON',
    client: {
      does: 'reads the operationId from it',
      check: (runs) => expect(requestsOf(runs, 'poll')[0]?.operationId).toMatch(/^4\.[0-9a-f]{16}\.[0-9a-f-]{36}$/),
    },
    service: {
      does: 'sends one: assigning',
      appliesTo: 'any',
      check: async (target) =>
        expect((await registered(target))[0]?.body).toMatchObject({ ...operationStatus, status: 'assigning' }),
    },
    alsoIn: 'test/dps/readResponse.test.ts',
  },
  {
    id: 'D29',
    quote: 'The device must poll the service periodically to receive the result of the device registration operation',
    meaning: 'the device polls',
    client: {
      does: 'polls until the service has finished: twice in this test',
      check: ({ mqtt, webSocket }) => expect([mqtt.polls, webSocket.polls]).toEqual([2, 2]),
    },
    service: {
      does: 'finishes',
      appliesTo: 'any',
      check: async (target) => expect((await registered(target)).length).toBeGreaterThan(1),
    },
  },
  {
    id: 'D30',
    quote:
      'it can publish a get operationstatus message to the $dps/registrations/GET/iotdps-get-operationstatus/?$rid={request_id}&operationId={operationId} topic name',
    meaning: 'the status query is published to this topic',
    client: {
      does: 'publishes to it, each time with a new $rid',
      check: (runs) => {
        for (const { topic } of requestsOf(runs, 'poll'))
          expect(topic).toMatch(
            /^\$dps\/registrations\/GET\/iotdps-get-operationstatus\/\?\$rid=\w+&operationId=4\.[\w.-]+$/,
          );
        const rids = requestsOf(runs, 'poll').map(({ connection, rid }) => `${connection} ${rid}`);
        expect(new Set(rids).size).toBe(rids.length);
      },
    },
    service: {
      does: 'responds to it; without an operationId it closes the connection',
      appliesTo: 'standIn',
      check: async (target) => {
        expect((await registered(target))[1]?.topic).toContain('$rid=2');
        const client = await subscribed(target);
        service.publish(client, statusTopic.replace('&operationId=', ''), '');
        expect(await client.next()).toBe('closed');
      },
    },
  },
  {
    id: 'D31',
    quote:
      'The operation ID in this message should be the value received in the RegistrationOperationStatus response message in the previous step',
    meaning: 'with the operationId of the register response',
    client: {
      does: 'sends it with every query',
      check: (runs) => {
        const perConnection = Map.groupBy(requestsOf(runs, 'poll'), ({ connection }) => connection);
        for (const polls of perConnection.values())
          expect(new Set(polls.map(({ operationId }) => operationId)).size).toBe(1);
        const finished = [runs.mqtt, runs.webSocket].map(({ result }) => 'operationId' in result && result.operationId);
        const polled = [...perConnection.values()].map(([poll]) => poll?.operationId);
        expect(polled).toEqual(finished);
      },
    },
    service: {
      does: 'responds 404 to any other',
      appliesTo: 'standIn',
      check: async (target) => {
        const { topic } = await responseTo(await subscribed(target), `${statusTopic}4.none`, '');
        expect(topic).toMatch(/\/res\/40[04]\//);
      },
    },
    alsoIn: 'test/emulator/dps/service.test.ts',
  },
  {
    id: 'D32',
    quote:
      'In the successful case, the service will respond on the $dps/registrations/res/200/?$rid={request_id} topic',
    meaning: 'the response to a finished operation is 200 on this topic',
    client: {
      does: 'stops polling',
      check: ({ mqtt }) => {
        const last = mqtt.transcript?.findLast(({ what, direction }) => what === 'PUBLISH' && direction === 'received');
        expect(last).toMatchObject({ status: 200, topic: '$dps/registrations/res/200/?$rid=3' });
      },
    },
    service: {
      does: 'sends this response',
      appliesTo: 'any',
      check: async (target) =>
        expect((await registered(target)).at(-1)?.topic).toMatch(/^\$dps\/registrations\/res\/200\/\?\$rid=2$/),
    },
  },
  {
    id: 'D33',
    quote: 'The payload of the response will contain the RegistrationOperationStatus object',
    meaning: 'with a RegistrationOperationStatus again',
    client: {
      does: 'reads hub and device ID from it',
      check: ({ mqtt }) =>
        expect(mqtt.result).toMatchObject({ assignedHub: 'hub-a.azure-devices.net', deviceId: mqtt.registrationId }),
    },
    service: {
      does: 'names the assigned hub and the device ID',
      appliesTo: 'any',
      check: async (target) =>
        expect((await registered(target)).at(-1)?.body).toMatchObject({
          ...operationStatus,
          status: 'assigned',
          registrationState: { assignedHub: expect.any(String), deviceId: expect.any(String) },
        }),
    },
    alsoIn: 'test/dps/readResponse.test.ts',
  },
  {
    id: 'D34',
    quote:
      'The device should keep polling the service if the response code is 202 after a delay equal to the retry-after period',
    meaning: '202 means: poll again after retry-after, and not sooner',
    client: {
      does: 'polls again, and not sooner',
      check: (runs) => {
        const perConnection = Map.groupBy(requestsOf(runs, 'poll'), ({ connection }) => connection);
        for (const [first, second] of perConnection.values()) {
          expect([first?.answer, second?.answer]).toEqual([202, 200]);
          expect(Number(second?.atMs) - Number(first?.atMs)).toBeGreaterThanOrEqual(1000 - toleranceMs);
        }
      },
    },
    service: {
      does: 'responds 202 until it has finished',
      appliesTo: 'any',
      check: async (target) => {
        const [last, ...before] = (await registered(target)).toReversed();
        for (const { topic, body } of before)
          expect([topic, body.status]).toEqual([expect.stringMatching(/\/res\/202\/.*retry-after=\d/), 'assigning']);
        expect(last?.body.status).not.toBe('assigning');
      },
    },
    alsoIn: 'test/probes/runProbe.test.ts, "retry-after"',
  },
  {
    id: 'D35',
    quote: 'The device registration operation is successful if the service returns a 200 status code',
    meaning:
      '200 is success. On purpose our client believes the body: real services send 200 for `failed` and `disabled` too',
    client: {
      does: 'is healthy only at 200 with `assigned`',
      check: ({ mqtt }) => expect(mqtt).toMatchObject({ verdict: 'healthy', result: { kind: 'assigned' } }),
    },
    service: {
      does: 'responds 200 with `assigned`',
      appliesTo: 'any',
      check: async (target) =>
        expect((await registered(target)).at(-1)).toMatchObject({
          topic: expect.stringContaining('/res/200/'),
          body: { status: 'assigned' },
        }),
    },
    alsoIn: 'test/dps/readResponse.test.ts, "believes the body"',
  },
  {
    id: 'D36',
    quote: 'When connecting over Websocket, specify the subprotocol as mqtt',
    meaning: 'the WebSocket subprotocol is mqtt',
    client: {
      does: 'offers it, and is accepted with it',
      check: (runs) =>
        expect(requestsOf(runs, 'connect').map(({ transport }) => transport)).toEqual(['mqtt', 'mqtt-ws']),
    },
    service: {
      does: 'selects it among others, and opens no WebSocket without it',
      appliesTo: 'any',
      check: async (target) => {
        expect(await service.webSocket(target, ['amqp', 'mqtt'])).toBe('mqtt');
        await expect(service.webSocket(target, ['no-such-protocol'])).rejects.toThrow();
      },
    },
    alsoIn: 'test/emulator/dps/listenerFaults.test.ts',
  },
  {
    id: 'D37',
    quote: 'Follow RFC 6455',
    meaning: 'WebSockets are those of RFC 6455',
    client: {
      does: 'reports a response that is not an upgrade: another status than 101',
      check: ({ webSocket }) =>
        expect(webSocket.transcript?.find(({ direction }) => direction === 'received')?.what).toBe('101'),
    },
    service: {
      does: 'closes with 1003 at a text frame, because MQTT uses binary ones',
      appliesTo: 'standIn',
      check: async (target) => expect(await service.closeCodeForText(target)).toBe(1003),
    },
    alsoIn: 'test/probes/runProbe.test.ts, "breaks the WebSocket upgrade"',
  },
];
