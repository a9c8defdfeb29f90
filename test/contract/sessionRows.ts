/** The document from the list of DPS's own behaviours to "Registrazione di un dispositivo": session, QoS, TLS, filters. */
import { expect } from 'vitest';
import type { ClientRuns } from './clientRuns.ts';
import type { DocumentRow } from './documentRow.ts';
import * as service from './documentService.ts';

const requestsOf = ({ requests }: ClientRuns, kind: string) => requests.filter((request) => request.kind === kind);

export const sessionRows: readonly DocumentRow[] = [
  {
    id: 'D16',
    italian: 'DPS non supporta la funzionalità del flag CleanSession impostato su 0',
    meaning: 'CleanSession is 1',
    client: { does: 'sets it to 1', check: ({ connect }) => expect(connect.clean).toBe(true) },
    service: {
      does: 'refuses 0',
      appliesTo: 'any',
      check: (target) => service.notLetIn(target, { clean: false }),
    },
  },
  {
    id: 'D17',
    italian: 'sottoscrive un argomento con QoS 2, DPS concede il livello QoS 1 massimo nel pacchetto SUBACK',
    meaning: 'a subscription at QoS 2 is granted QoS 1',
    client: {
      does: 'asks for QoS 1, and takes what is granted',
      check: ({ mqtt }) => expect(mqtt.transcript?.find(({ what }) => what === 'SUBACK')?.status).toBe(1),
    },
    service: {
      does: 'grants 1 where 2 was asked for',
      appliesTo: 'any',
      check: async (target) => expect(await service.subscribe(await service.connected(target), 2)).toBe(1),
    },
    alsoIn: 'test/contract/documentRequests.test.ts',
  },
  {
    id: 'D18',
    italian: 'DPS recapita messaggi al dispositivo tramite QoS 1',
    meaning: 'then it delivers at QoS 1',
    client: {
      does: 'acknowledges every delivery',
      check: (runs) => {
        for (const { unacknowledged } of requestsOf(runs, 'close')) expect(unacknowledged).toBe(0);
        const answers = [...requestsOf(runs, 'register'), ...requestsOf(runs, 'poll')];
        expect(requestsOf(runs, 'puback')).toHaveLength(answers.length);
      },
    },
    service: {
      does: 'delivers at QoS 1 to a subscription at QoS 2',
      appliesTo: 'any',
      check: async (target) => {
        const client = await service.subscribed(target, 2);
        const answer = await service.answerTo(client, service.registerTopic, service.registration(target));
        expect(answer).toMatchObject({ qos: 1 });
      },
    },
    alsoIn: 'test/contract/documentRequests.test.ts',
  },
  {
    id: 'D19',
    italian: 'il client deve connettersi tramite TLS 1,2',
    meaning: 'TLS 1.2 is needed',
    client: {
      does: 'speaks 1.2 or newer, and does not go below',
      check: ({ mqtt, oldTls }) => {
        expect(mqtt.server?.tlsProtocol).toMatch(/^TLSv1\.[23]$/);
        expect(oldTls.result).toMatchObject({ kind: 'tlsFailed' });
      },
    },
    service: {
      does: 'speaks TLS 1.2',
      appliesTo: 'any',
      check: async (target) => {
        const client = await target.open({ maxVersion: 'TLSv1.2' });
        client.send(target.connectPacket());
        expect(await client.next()).toMatchObject({ cmd: 'connack', returnCode: 0 });
      },
    },
  },
  {
    id: 'D20',
    italian: 'altrimenti si verificheranno errori di connessione',
    meaning: 'or there will be connection errors',
    service: { does: 'ends a handshake of TLS 1.1', appliesTo: 'any', check: service.tls11IsRefused },
    alsoIn: 'test/contract/documentConnection.test.ts',
  },
  {
    id: 'D21',
    italian: 'deve effettuare la sottoscrizione usando $dps/registrations/res/# come filtro per gli argomenti',
    meaning: 'a device that registers has subscribed to this filter',
    client: {
      does: 'subscribes to it, and registers then',
      check: ({ requests }) => {
        const kinds = requests.map(({ kind }) => kind);
        expect(kinds.indexOf('subscribe')).toBeLessThan(kinds.indexOf('register'));
        for (const { kind, topic, answer } of requests)
          if (kind === 'subscribe') expect({ topic, answer }).toEqual({ topic: service.responseFilter, answer: 1 });
      },
    },
    service: {
      does: 'grants it, and closes the connection of a device that registers without',
      appliesTo: 'standIn',
      check: async (target) => {
        expect(await service.subscribe(await service.connected(target), 1)).toBe(1);
        const hasty = await service.connected(target);
        service.publish(hasty, service.registerTopic, service.registration(target));
        expect(await hasty.next()).toBe('closed');
      },
    },
  },
  {
    id: 'D22',
    italian:
      'Il carattere jolly a più livelli # … per consentire al dispositivo di ricevere proprietà aggiuntive nel nome dell’argomento',
    meaning: 'the # is there for properties in the topics of answers',
    client: {
      does: 'reads them, in any order, and those that it does not know',
      check: ({ mqtt }) => {
        const topics = mqtt.transcript?.filter(({ direction }) => direction === 'received').map(({ topic }) => topic);
        expect(topics).toContain('$dps/registrations/res/202/?$rid=1&retry-after=1');
        expect(mqtt.result.kind).toBe('assigned');
      },
    },
    service: {
      does: 'puts them there',
      appliesTo: 'any',
      check: async (target) => expect((await service.registered(target))[0]?.topic).toMatch(/\/\?\$rid=1&[\w-]+=/),
    },
    alsoIn: 'test/dps/topics.test.ts',
  },
  {
    id: 'D23',
    italian: 'DPS non consente l’utilizzo dei # ? caratteri jolly o per il filtro di argomenti secondari',
    meaning: 'wildcards are not allowed otherwise',
    client: {
      does: 'uses no other',
      check: (runs) => {
        const topics = requestsOf(runs, 'subscribe').map(({ topic }) => topic);
        expect(new Set(topics)).toEqual(new Set([service.responseFilter]));
      },
    },
    service: {
      does: 'refuses + and # elsewhere with 0x80',
      appliesTo: 'standIn',
      check: async (target) => {
        for (const filter of ['#', '$dps/#', '$dps/registrations/res/+', '$dps/registrations/+/#'])
          expect.soft(await service.subscribe(await service.connected(target), 1, filter), filter).toBe(0x80);
      },
    },
    alsoIn: 'test/contract/documentRequests.test.ts',
  },
  {
    id: 'D24',
    italian: 'supporta solo i nomi di argomento e i filtri di argomento documentati',
    meaning: 'only the documented topic names and filters exist',
    client: {
      does: 'publishes to the two of them only',
      check: ({ requests }) => {
        const published = requests.filter(({ kind }) => ['register', 'poll', 'publish'].includes(kind));
        const topics = published.map(({ topic }) => topic?.replace(/\?.*/, ''));
        const documented = [service.registerTopic, service.statusTopic].map((topic) => topic.replace(/\?.*/, ''));
        expect(new Set(topics)).toEqual(new Set(documented));
      },
    },
    service: {
      does: 'refuses other filters, and closes for other topics',
      appliesTo: 'standIn',
      check: async (target) => {
        expect(await service.subscribe(await service.connected(target), 1, 'telemetry')).toBe(0x80);
        for (const topic of ['$dps/registrations/PUT/iotdps-register/', '$dps/registrations/res/200/?$rid=1']) {
          const client = await service.subscribed(target);
          service.publish(client, topic, service.registration(target));
          expect.soft(await client.next(), topic).toBe('closed');
        }
      },
    },
    alsoIn: 'test/contract/documentRequests.test.ts',
  },
];
