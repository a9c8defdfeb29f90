/** The document from the register message on: registration, polling, WebSocket. */
import { expect } from 'vitest';
import type { ClientRuns } from './clientRuns.ts';
import type { DocumentRow } from './documentRow.ts';
import * as service from './documentService.ts';

const { answerTo, registered, registerTopic, statusTopic, subscribed } = service;
const requestsOf = ({ requests }: ClientRuns, kind: string) => requests.filter((request) => request.kind === kind);
const operationStatus = { operationId: expect.any(String), status: expect.any(String) };
/** Clocks of two processes' timers differ by less. */
const toleranceMs = 20;

export const provisioningRows: readonly DocumentRow[] = [
  {
    id: 'D25',
    italian: 'Il dispositivo deve pubblicare … $dps/registrations/PUT/iotdps-register/?$rid={request_id}',
    meaning: 'the register message goes to this topic',
    client: {
      does: 'publishes to it, with a $rid',
      check: (runs) => {
        for (const { topic } of requestsOf(runs, 'register'))
          expect(topic).toMatch(/^\$dps\/registrations\/PUT\/iotdps-register\/\?\$rid=\w+$/);
        expect(requestsOf(runs, 'register')).toHaveLength(2); // over MQTT and over WebSocket
      },
    },
    service: {
      does: 'answers it',
      appliesTo: 'any',
      check: async (target) =>
        expect((await registered(target))[0]?.topic).toMatch(/^\$dps\/registrations\/res\/202\//),
    },
  },
  {
    id: 'D26',
    italian: 'Il payload deve contenere l’oggetto di registrazione del dispositivo in formato JSON',
    meaning: 'its body is a DeviceRegistration as JSON',
    client: {
      does: 'sends one',
      check: (runs) => {
        const [register] = requestsOf(runs, 'register');
        expect(JSON.parse(register?.body ?? '')).toEqual({ registrationId: runs.mqtt.registrationId });
      },
    },
    service: {
      does: 'answers what is no JSON 400',
      appliesTo: 'standIn',
      check: async (target) => {
        const { topic } = await answerTo(await subscribed(target), registerTopic, 'no JSON');
        expect(topic).toContain('/res/400/');
      },
    },
    alsoIn: 'test/contract/documentRequests.test.ts',
  },
  {
    id: 'D27',
    italian:
      'una risposta sul $dps/registrations/res/202/?$rid={request_id}&retry-after=x … x è il valore Retry-After in secondi',
    meaning: 'the answer is 202 on this topic, with the same $rid and a retry-after in seconds',
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
      does: 'answers so',
      appliesTo: 'any',
      check: async (target) =>
        expect((await registered(target))[0]?.topic).toMatch(
          /^\$dps\/registrations\/res\/202\/\?\$rid=1&retry-after=\d+$/,
        ),
    },
    alsoIn: 'test/dps/retryAfter.test.ts',
  },
  {
    id: 'D28',
    italian: 'Il payload della risposta conterrà l’oggetto RegistrationOperationStatus in formato JSON',
    meaning: 'its body is a RegistrationOperationStatus as JSON',
    client: {
      does: 'takes the operationId out of it',
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
    italian: 'Il dispositivo deve eseguire periodicamente il polling del servizio',
    meaning: 'the device polls',
    client: {
      does: 'polls until the service has finished: here twice',
      check: ({ mqtt, webSocket }) => expect([mqtt.polls, webSocket.polls]).toEqual([2, 2]),
    },
    service: {
      does: 'finishes after being asked',
      appliesTo: 'any',
      check: async (target) => expect((await registered(target)).length).toBeGreaterThan(1),
    },
  },
  {
    id: 'D30',
    italian:
      'Get OperationStatus nel $dps/registrations/GET/iotdps-get-operationstatus/?$rid={request_id}&operationId={operationId}',
    meaning: 'the status query goes to this topic',
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
      does: 'answers it; without an operationId it closes the connection',
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
    italian: 'L’ID operazione in questo messaggio deve corrispondere al valore ricevuto',
    meaning: 'with the operationId that the register answer gave',
    client: {
      does: 'sends that one, at every query',
      check: (runs) => {
        const perConnection = Map.groupBy(requestsOf(runs, 'poll'), ({ connection }) => connection);
        for (const polls of perConnection.values())
          expect(new Set(polls.map(({ operationId }) => operationId)).size).toBe(1);
        const finished = [runs.mqtt, runs.webSocket].map(({ result }) => 'operationId' in result && result.operationId);
        const asked = [...perConnection.values()].map(([poll]) => poll?.operationId);
        expect(asked).toEqual(finished);
      },
    },
    service: {
      does: 'knows no other operation: 404',
      appliesTo: 'standIn',
      check: async (target) => {
        const { topic } = await answerTo(await subscribed(target), `${statusTopic}4.none`, '');
        expect(topic).toMatch(/\/res\/40[04]\//);
      },
    },
    alsoIn: 'test/emulator/dps/service.test.ts',
  },
  {
    id: 'D32',
    italian: 'In caso di esito positivo, il servizio risponderà sull’ $dps/registrations/res/200/?$rid={request_id}',
    meaning: 'a finished operation is answered 200 on this topic',
    client: {
      does: 'ends there',
      check: ({ mqtt }) => {
        const last = mqtt.transcript?.findLast(({ what, direction }) => what === 'PUBLISH' && direction === 'received');
        expect(last).toMatchObject({ status: 200, topic: '$dps/registrations/res/200/?$rid=3' });
      },
    },
    service: {
      does: 'answers so',
      appliesTo: 'any',
      check: async (target) =>
        expect((await registered(target)).at(-1)?.topic).toMatch(/^\$dps\/registrations\/res\/200\/\?\$rid=2$/),
    },
  },
  {
    id: 'D33',
    italian: 'Il payload della risposta conterrà l’oggetto RegistrationOperationStatus',
    meaning: 'with a RegistrationOperationStatus again',
    client: {
      does: 'takes hub and device id out of it',
      check: ({ mqtt }) =>
        expect(mqtt.result).toMatchObject({ assignedHub: 'hub-a.azure-devices.net', deviceId: mqtt.registrationId }),
    },
    service: {
      does: 'names the assigned hub and the device id',
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
    italian:
      'deve continuare a eseguire il polling del servizio se il codice di risposta è 202 dopo un ritardo uguale al periodo di ripetizione del tentativo',
    meaning: '202 means: ask again after retry-after, and not sooner',
    client: {
      does: 'asks again, and not sooner',
      check: (runs) => {
        const perConnection = Map.groupBy(requestsOf(runs, 'poll'), ({ connection }) => connection);
        for (const [first, second] of perConnection.values()) {
          expect([first?.answer, second?.answer]).toEqual([202, 200]);
          expect(Number(second?.atMs) - Number(first?.atMs)).toBeGreaterThanOrEqual(1000 - toleranceMs);
        }
      },
    },
    service: {
      does: 'answers 202 as long as it has not finished',
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
    italian:
      'L’operazione di registrazione del dispositivo ha esito positivo se il servizio restituisce un codice di stato 200',
    meaning:
      '200 is success. On purpose we believe the body: real services answer 200 for `failed` and `disabled`, too',
    client: {
      does: 'is healthy at 200 with `assigned`, and only then',
      check: ({ mqtt }) => expect(mqtt).toMatchObject({ verdict: 'healthy', result: { kind: 'assigned' } }),
    },
    service: {
      does: 'answers 200 with `assigned`',
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
    italian: 'Quando si esegue la connessione tramite WebSocket, specificare il sottoprotocollo come mqtt',
    meaning: 'the WebSocket subprotocol is mqtt',
    client: {
      does: 'offers it, and is let in by it',
      check: (runs) =>
        expect(requestsOf(runs, 'connect').map(({ transport }) => transport)).toEqual(['mqtt', 'mqtt-ws']),
    },
    service: {
      does: 'agrees on it among others, and opens none without it',
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
    italian: 'Seguire la RFC 6455',
    meaning: 'WebSockets are those of RFC 6455',
    client: {
      does: 'names an answer that is none: another status than 101',
      check: ({ webSocket }) =>
        expect(webSocket.transcript?.find(({ direction }) => direction === 'received')?.what).toBe('101'),
    },
    service: {
      does: 'closes with 1003 at a text frame, as MQTT goes in binary ones',
      appliesTo: 'standIn',
      check: async (target) => expect(await service.closeCodeForText(target)).toBe(1003),
    },
    alsoIn: 'test/probes/runProbe.test.ts, "breaks the WebSocket upgrade"',
  },
];
