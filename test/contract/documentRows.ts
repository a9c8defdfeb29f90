/**
 * One row for each sentence of Microsoft's document on DPS over MQTT that states a behaviour, in its order: what it says, how our client
 * is seen to obey it, and how a service is seen to mean it.
 */
import { expect } from 'vitest';
import type { RunningDps } from '../../src/local/dps/startDps.ts';
import type { Outcome } from '../../src/outcomes/outcome.ts';
import type { DocumentTarget } from '../support/documentTarget.ts';
import * as service from './documentService.ts';

/** A run of our client over each transport, as the stand-in saw it. */
export interface ClientRun {
  readonly mqtt: Outcome;
  readonly webSocket: Outcome;
  readonly requests: RunningDps['requests']['all'];
}

export interface DocumentRow {
  readonly id: string;
  /** The document's own words. */
  readonly italian: string;
  readonly meaning: string;
  readonly client?: (run: ClientRun) => void;
  readonly service?: (target: DocumentTarget) => Promise<void>;
  /** `standIn`: not asked of a real service, where it would do harm, cost much or depend on the network in between. */
  readonly appliesTo?: 'any' | 'standIn';
  /** Where else it is shown. */
  readonly alsoIn?: string;
}

const { connected, subscribe, publish, responseFilter, registerTopic, statusTopic, notLetIn } = service;
const requestsOf = (run: ClientRun, kind: string) => run.requests.filter((request) => request.kind === kind);
const sentBy = ({ mqtt }: ClientRun, what: string) =>
  mqtt.transcript?.filter((entry) => entry.direction === 'sent' && entry.what === what) ?? [];

export const documentRows: readonly DocumentRow[] = [
  {
    id: 'D1',
    italian: 'MQTT v3.1.1 sulla porta 8883',
    meaning: 'MQTT 3.1.1 over TLS on port 8883; another protocol level is refused',
    client: ({ mqtt }) => expect(mqtt).toMatchObject({ verdict: 'healthy', result: { kind: 'assigned' } }),
    service: (target) => notLetIn(target, { protocolId: 'MQIsdp', protocolVersion: 3 }),
    alsoIn: 'test/transport/parseEndpoint.test.ts',
  },
  {
    id: 'D2',
    italian: 'MQTT v 3.1.1 su WebSocket sulla porta 443',
    meaning: 'the same over WebSocket on port 443',
    client: ({ webSocket }) => {
      expect(webSocket).toMatchObject({ verdict: 'healthy', result: { kind: 'assigned' } });
      expect(webSocket.phases.webSocket).toBeGreaterThan(0);
    },
    service: async (target) => expect(await service.webSocket(target, ['mqtt'])).toBe('mqtt'),
  },
  {
    id: 'D3',
    italian: 'DPS non è un broker MQTT completo',
    meaning: 'DPS is no general broker: a topic of one’s own is not served',
    service: async (target) => {
      const client = await connected(target);
      await subscribe(client, 1);
      publish(client, 'telemetry/one', '{}');
      expect(await client.next()).toBe('closed');
    },
    appliesTo: 'standIn',
  },
  {
    id: 'D4',
    italian: 'Tutte le comunicazioni … devono essere protette tramite TLS/SSL',
    meaning: 'everything goes over TLS: plain MQTT gets no answer',
    client: ({ mqtt, webSocket }) => {
      for (const { server } of [mqtt, webSocket]) expect(server?.tlsProtocol).toMatch(/^TLSv1\.[23]$/);
    },
    service: (target) => service.plaintextIsNotServed(target, target.connectPacket()),
    appliesTo: 'standIn',
  },
  {
    id: 'D5',
    italian: 'DPS attualmente non supporta … TPM sul protocollo MQTT',
    meaning: 'TPM attestation is not offered over MQTT',
    service: async (target) => {
      const client = await connected(target);
      await subscribe(client, 1);
      const withTpm = JSON.stringify({ registrationId: target.registrationId, tpm: { endorsementKey: 'AAAA' } });
      const { topic } = await service.answerTo(client, registerTopic, withTpm);
      expect(topic).toContain('/res/400/');
    },
    appliesTo: 'standIn',
    alsoIn: 'test/config/probeFaults.test.ts',
  },
  {
    id: 'D6',
    italian: 'Librerie negli SDK di provisioning di Azure',
    meaning: "Microsoft's SDKs connect",
    alsoIn: 'test/contract/microsoftSdk.test.ts',
  },
  {
    id: 'D7',
    italian: 'Per il campo ClientID, usare RegistrationId',
    meaning: 'the ClientID is the registrationId',
    client: (run) => {
      for (const { clientId } of requestsOf(run, 'connect')) expect(clientId).toBe(run.mqtt.registrationId);
    },
    service: (target) => notLetIn(target, { clientId: `${target.registrationId}x` }),
    appliesTo: 'standIn',
  },
  {
    id: 'D8',
    italian: 'username … {idScope}/registrations/{registration_id}/api-version=2019-03-31',
    meaning: 'the user name has this form',
    client: (run) =>
      expect(sentBy(run, 'CONNECT')[0]?.detail).toBe('0neLOCAL/registrations/device-001/api-version=2019-03-31'),
    service: (target) => notLetIn(target, { username: `${target.idScope}/registrations/${target.registrationId}` }),
  },
  {
    id: 'D9',
    italian: 'SharedAccessSignature sr={URL-encoded-resourceURI}&sig={signature-string}&se={expiry}&skn=registration',
    meaning: 'the password is a SAS token of this form, and is checked: another signature or an expired one is refused',
    service: async (target) => {
      await service.credentialRefused(target, target.token().replace(/sig=[^&]{8}/, 'sig=AAAAAAAA'));
      await service.credentialRefused(target, target.token().replace(/se=\d+/, 'se=1000000000'));
    },
    alsoIn: 'test/attestation/sasToken.test.ts',
  },
  {
    id: 'D10',
    italian: 'Il formato di resourceURI deve essere {idScope}/registrations/{registration_id}',
    meaning: 'the token is for this registration: one for another resource is refused',
    service: (target) =>
      service.credentialRefused(target, target.token().replace(/registrations%2F/, 'registrations%2Fx')),
    alsoIn: 'test/attestation/sasToken.test.ts',
  },
  {
    id: 'D11',
    italian: 'Il nome del criterio deve essere registration',
    meaning: 'skn is registration: another policy name is refused',
    service: (target) => service.credentialRefused(target, target.token().replace('skn=registration', 'skn=device')),
    alsoIn: 'test/attestation/sasToken.test.ts',
  },
  {
    id: 'D12',
    italian: 'Le password di token SAS non sono obbligatorie se si usa l’autenticazione dei certificati X.509',
    meaning: 'with X.509 there is no password',
    alsoIn: 'test/probes/x509Probe.test.ts',
  },
  {
    id: 'D13',
    italian: 'DPS non supporta la funzionalità del flag CleanSession impostato su 0',
    meaning: 'CleanSession 0 is refused',
    service: (target) => notLetIn(target, { clean: false }),
  },
  {
    id: 'D14',
    italian: 'sottoscrive un argomento con QoS 2, DPS concede il livello QoS 1 massimo nel pacchetto SUBACK',
    meaning: 'a subscription at QoS 2 is granted QoS 1',
    client: ({ mqtt }) => expect(mqtt.transcript?.find(({ what }) => what === 'SUBACK')?.status).toBe(1),
    service: async (target) => expect(await subscribe(await connected(target), 2)).toBe(1),
  },
  {
    id: 'D15',
    italian: 'DPS recapita messaggi al dispositivo tramite QoS 1',
    meaning: 'answers are delivered at QoS 1, and acknowledged',
    client: (run) => {
      for (const { unacknowledged } of requestsOf(run, 'close')) expect(unacknowledged).toBe(0);
      expect(requestsOf(run, 'puback').length).toBeGreaterThanOrEqual(4);
    },
    service: async (target) => {
      const client = await connected(target);
      await subscribe(client, 2);
      expect(await service.answerTo(client, registerTopic, service.registration(target))).toMatchObject({ qos: 1 });
    },
  },
  {
    id: 'D16',
    italian: 'il client deve connettersi tramite TLS 1,2',
    meaning: 'TLS 1.2 or newer: TLS 1.1 is refused',
    client: ({ mqtt }) => expect(mqtt.server?.tlsProtocol).toMatch(/^TLSv1\.[23]$/),
    service: service.tls11IsRefused,
  },
  {
    id: 'D17',
    italian: 'sottoscrizione usando $dps/registrations/res/# come filtro',
    meaning: 'a device subscribes to this filter before it registers',
    client: (run) => expect(sentBy(run, 'SUBSCRIBE').map(({ topic }) => topic)).toEqual([responseFilter]),
    service: async (target) => expect(await subscribe(await connected(target), 1)).toBe(1),
  },
  {
    id: 'D18',
    italian: 'DPS non consente l’utilizzo dei # ? caratteri jolly o per il filtro di argomenti secondari',
    meaning: 'other wildcards are refused',
    service: async (target) =>
      expect(await subscribe(await connected(target), 1, '$dps/registrations/res/+')).toBe(0x80),
    appliesTo: 'standIn',
    alsoIn: 'test/contract/documentRequests.test.ts',
  },
  {
    id: 'D19',
    italian: 'supporta solo i nomi di argomento e i filtri di argomento documentati',
    meaning: 'only the documented topics and filters exist',
    client: (run) => {
      const topics = sentBy(run, 'PUBLISH').map(({ topic }) => topic?.replace(/\?.*/, ''));
      expect(new Set(topics)).toEqual(new Set([registerTopic, statusTopic].map((topic) => topic.replace(/\?.*/, ''))));
    },
    service: async (target) => expect(await subscribe(await connected(target), 1, 'telemetry/#')).toBe(0x80),
    appliesTo: 'standIn',
    alsoIn: 'test/contract/documentRequests.test.ts',
  },
  {
    id: 'D20',
    italian:
      'pubblicare … usando $dps/registrations/PUT/iotdps-register/?$rid={request_id}; DeviceRegistration in formato JSON',
    meaning: 'the register message: this topic, and a DeviceRegistration as JSON',
    client: (run) => {
      const [register] = requestsOf(run, 'register');
      expect(register?.topic).toMatch(/^\$dps\/registrations\/PUT\/iotdps-register\/\?\$rid=\w+$/);
      expect(JSON.parse(register?.body ?? '')).toEqual({ registrationId: run.mqtt.registrationId });
    },
    service: async (target) => {
      const client = await connected(target);
      await subscribe(client, 1);
      expect((await service.answerTo(client, registerTopic, 'no JSON')).topic).toContain('/res/400/');
    },
  },
  {
    id: 'D21',
    italian: 'risposta sul $dps/registrations/res/202/?$rid={request_id}&retry-after=x … RegistrationOperationStatus',
    meaning:
      'the answer: this topic with the same $rid and a retry-after in seconds, and a RegistrationOperationStatus as JSON',
    service: async (target) => {
      const [accepted] = await service.registered(target);
      expect(accepted?.topic).toMatch(/^\$dps\/registrations\/res\/202\/\?\$rid=1&retry-after=\d+$/);
      expect(accepted?.body).toMatchObject({ operationId: expect.any(String), status: 'assigning' });
    },
  },
  {
    id: 'D22',
    italian:
      'Get OperationStatus nel $dps/registrations/GET/iotdps-get-operationstatus/?$rid={request_id}&operationId={operationId}',
    meaning: 'the status query, with the operationId of the register answer',
    client: (run) => {
      for (const poll of requestsOf(run, 'poll'))
        expect(poll.topic).toMatch(/operationstatus\/\?\$rid=\w+&operationId=4\./);
      expect(requestsOf(run, 'poll').length).toBeGreaterThan(0);
    },
    service: async (target) => {
      const client = await connected(target);
      await subscribe(client, 1);
      expect((await service.answerTo(client, `${statusTopic}4.none`, '')).topic).toMatch(/\/res\/4\d\d\//);
    },
  },
  {
    id: 'D23',
    italian: 'In caso di esito positivo, il servizio risponderà sull’ $dps/registrations/res/200/?$rid={request_id}',
    meaning: 'the end: status 200, and the body says how it ended',
    client: ({ mqtt }) =>
      expect(mqtt.transcript?.findLast(({ what }) => what === 'PUBLISH')).toMatchObject({ status: 200 }),
    service: async (target) => {
      const finished = (await service.registered(target)).at(-1);
      expect(finished?.topic).toMatch(/^\$dps\/registrations\/res\/200\/\?\$rid=2$/);
      expect(finished?.body).toMatchObject({
        status: 'assigned',
        registrationState: { assignedHub: expect.any(String) },
      });
    },
  },
  {
    id: 'D24',
    italian: 'continuare a eseguire il polling … se il codice di risposta è 202 dopo un ritardo',
    meaning: '202 means: ask again after retry-after, and not sooner',
    alsoIn: 'test/probes/runProbe.test.ts, "retry-after"',
    client: ({ mqtt }) => expect(mqtt.polls).toBeGreaterThan(0),
  },
  {
    id: 'D25',
    italian: 'Quando si esegue la connessione tramite WebSocket, specificare il sottoprotocollo come mqtt … RFC 6455',
    meaning: 'the WebSocket subprotocol is mqtt, by RFC 6455; another one is not agreed on',
    service: async (target) => {
      expect(await service.webSocket(target, ['amqp', 'mqtt'])).toBe('mqtt');
      await expect(service.webSocket(target, ['amqp'])).rejects.toThrow();
    },
  },
];
