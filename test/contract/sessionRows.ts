/** The document from the list of DPS's own behaviours to "Registering a device": session, QoS, TLS, filters. */
import { expect } from 'vitest';
import { onStrictStandIn } from '../support/documentTarget.ts';
import type { ClientRuns } from './clientRuns.ts';
import type { DocumentRow } from './documentRow.ts';
import * as service from './documentService.ts';

const requestsOf = ({ requests }: ClientRuns, kind: string) => requests.filter((request) => request.kind === kind);

export const sessionRows: readonly DocumentRow[] = [
  {
    id: 'D16',
    quote: 'DPS does not support the functionality of CleanSession flag being set to 0',
    meaning: 'CleanSession is 1',
    client: { does: 'sets it to 1', check: ({ connect }) => expect(connect.clean).toBe(true) },
    service: {
      does: 'accepts 0, but the session is not persistent; `strict`: refuses 0',
      appliesTo: 'any',
      check: async (target) => {
        const before = await service.connected(target, { clean: false });
        await service.subscribe(before, 1);
        before.end();
        const after = await service.connected(target, { clean: false }); // session present 0
        service.publish(after, service.registerTopic, service.registration(target));
        expect(await after.next()).toBe('closed'); // the subscription is forgotten
        await onStrictStandIn(target, (strict) => service.notAccepted(strict, { clean: false }));
      },
    },
  },
  {
    id: 'D17',
    quote: 'When a device app subscribes to a topic with QoS 2, DPS grants maximum QoS level 1 in the SUBACK packet',
    meaning: 'a subscription at QoS 2 is granted QoS 1',
    client: {
      does: 'requests QoS 1, and accepts the granted QoS',
      check: ({ mqtt }) => expect(mqtt.transcript?.find(({ what }) => what === 'SUBACK')?.status).toBe(1),
    },
    service: {
      does: 'grants 1 if 2 was requested',
      appliesTo: 'any',
      check: async (target) => expect(await service.subscribe(await service.connected(target), 2)).toBe(1),
    },
    alsoIn: 'test/contract/documentRequests.test.ts',
  },
  {
    id: 'D18',
    quote: 'After that, DPS delivers messages to the device using QoS 1',
    meaning: 'then it delivers at QoS 1',
    client: {
      does: 'acknowledges every delivery',
      check: (runs) => {
        for (const { unacknowledged } of requestsOf(runs, 'close')) expect(unacknowledged).toBe(0);
        const responses = [...requestsOf(runs, 'register'), ...requestsOf(runs, 'poll')];
        expect(requestsOf(runs, 'puback')).toHaveLength(responses.length);
      },
    },
    service: {
      does: 'delivers at QoS 1 to a subscription at QoS 2',
      appliesTo: 'any',
      check: async (target) => {
        const client = await service.subscribed(target, 2);
        const response = await service.responseTo(client, service.registerTopic, service.registration(target));
        expect(response).toMatchObject({ qos: 1 });
      },
    },
    alsoIn: 'test/contract/documentRequests.test.ts',
  },
  {
    id: 'D19',
    quote: 'your client must connect over TLS 1.2',
    meaning: 'TLS 1.2 is needed',
    client: {
      does: 'supports 1.2 and newer, but no older version',
      check: ({ mqtt, oldTls }) => {
        expect(mqtt.server?.tlsProtocol).toMatch(/^TLSv1\.[23]$/);
        expect(oldTls.result).toMatchObject({ kind: 'tlsFailed' });
      },
    },
    service: {
      does: 'supports TLS 1.2',
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
    quote: 'Attempts to skip this step fail with connection errors',
    meaning: 'otherwise there are connection errors',
    service: { does: 'aborts a handshake of TLS 1.1', appliesTo: 'any', check: service.tls11IsRefused },
    alsoIn: 'test/contract/documentConnection.test.ts',
  },
  {
    id: 'D21',
    quote: 'a device should subscribe using $dps/registrations/res/# as a Topic Filter',
    meaning: 'a device that registers has subscribed to this filter',
    client: {
      does: 'subscribes to it before it registers',
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
    quote:
      'The multi-level wildcard # in the Topic Filter is used only to allow the device to receive additional properties in the topic name',
    meaning: 'the # covers properties in the topics of responses',
    client: {
      does: 'reads them, in any order, and ignores those that it does not know',
      check: ({ mqtt }) => {
        const topics = mqtt.transcript?.filter(({ direction }) => direction === 'received').map(({ topic }) => topic);
        expect(topics).toContain('$dps/registrations/res/202/?$rid=1&retry-after=1');
        expect(mqtt.result.kind).toBe('assigned');
      },
    },
    service: {
      does: 'sends them',
      appliesTo: 'any',
      check: async (target) => expect((await service.registered(target))[0]?.topic).toMatch(/\/\?\$rid=1&[\w-]+=/),
    },
    alsoIn: 'test/dps/topics.test.ts',
  },
  {
    id: 'D23',
    quote: 'DPS does not allow the usage of the # or ? wildcards for filtering of subtopics',
    meaning: 'other wildcards are not allowed',
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
    quote: 'it only supports the documented topic names and topic filters',
    meaning: 'only the documented topic names and filters exist',
    client: {
      does: 'publishes only to these two',
      check: ({ requests }) => {
        const published = requests.filter(({ kind }) => ['register', 'poll', 'publish'].includes(kind));
        const topics = published.map(({ topic }) => topic?.replace(/\?.*/, ''));
        const documented = [service.registerTopic, service.statusTopic].map((topic) => topic.replace(/\?.*/, ''));
        expect(new Set(topics)).toEqual(new Set(documented));
      },
    },
    service: {
      does: 'refuses other filters, and closes the connection for other topics',
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
