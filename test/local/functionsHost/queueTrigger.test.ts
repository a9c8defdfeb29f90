import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { QueueServiceClient } from '@azure/storage-queue';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { type Azurite, startAzurite } from '../../../src/local/azurite.ts';
import { QueueListener } from '../../../src/local/functionsHost/queue/queueTrigger.ts';
import { quietEnvironment, useFixtureApp } from '../../support/fixtureApp.ts';
import { keys } from '../../support/hostKeys.ts';

describe('queue functions', () => {
  const app = useFixtureApp();
  let azurite: Azurite;
  let service: QueueServiceClient;
  beforeAll(async () => {
    azurite = await startAzurite();
    service = QueueServiceClient.fromConnectionString(azurite.connectionString);
  });
  afterAll(() => azurite.close());
  beforeEach(async () => {
    for (const name of ['work', 'work-poison', 'forwarded']) {
      await service.getQueueClient(name).createIfNotExists();
      await service.getQueueClient(name).clearMessages();
    }
  });

  const start = (queueLeaseSeconds = 600, appDirectory = app.directory()) => {
    const environment = { ...quietEnvironment, 'AzureWebJobs.work.Disabled': 'false' };
    return app.start({
      environment: { ...environment, AzureWebJobsStorage: azurite.connectionString },
      queueLeaseSeconds,
      appDirectory,
    });
  };
  const send = (text: string) => service.getQueueClient('work').sendMessage(text);
  const textsIn = async (queue: string) => {
    const { peekedMessageItems } = await service.getQueueClient(queue).peekMessages({ numberOfMessages: 32 });
    return peekedMessageItems.map(({ messageText }) => messageText);
  };
  /** Messages of a queue, those that are hidden too. */
  const countIn = async (queue: string) =>
    (await service.getQueueClient(queue).getProperties()).approximateMessagesCount ?? 0;

  it('pass the message and its metadata to the function, and delete it afterwards', async () => {
    const sent = await send('{"probe":"weu","n":1}');
    const { log, seen } = await start();
    await log.next(/^Executed 'Functions.work' \(Succeeded/);
    expect(seen.messages).toEqual([
      {
        body: { probe: 'weu', n: 1 },
        metadata: {
          queueTrigger: { probe: 'weu', n: 1 },
          dequeueCount: 1,
          expirationTime: expect.stringMatching(/\+00:00$/),
          id: sent.messageId,
          insertionTime: expect.stringMatching(/\+00:00$/),
          nextVisibleTime: expect.stringMatching(/\+00:00$/),
          popReceipt: expect.any(String),
          probe: 'weu',
          n: 1,
        },
      },
    ]);
    await vi.waitUntil(async () => (await countIn('work')) === 0, 5_000);
  });

  it.each([
    ['"a string"', 'a string'],
    ['[1,2]', [1, 2]],
    ['123', 123],
    ['plain', 'plain'],
  ])('pass %s as the real host does', async (text, body) => {
    await send(text);
    const { log, seen } = await start();
    await log.next(/^Executed/);
    expect(seen.messages[0]?.body).toEqual(body);
  });

  it('try a failing message maxDequeueCount times, then move it to the poison queue', async () => {
    await send('{"fail":true}');
    const { log, seen } = await start();
    const moved = await log.next(/MaxDequeueCount/);
    expect(moved.message).toBe("Message has reached MaxDequeueCount of 3. Moving message to queue 'work-poison'.");
    await vi.waitUntil(async () => (await countIn('work')) === 0, 5_000);
    expect(seen.messages.map(({ metadata }) => metadata)).toMatchObject(
      [1, 2, 3].map((dequeueCount) => ({ dequeueCount })),
    );
    expect(await textsIn('work-poison')).toEqual(['{"fail":true}']);
  });

  it('have no poison queue on a queue ending in -poison: the message is delivered again, more than five times (fault 65)', async () => {
    await service.getQueueClient('work-poison').sendMessage('{"fail":true}');
    const seen: number[] = [];
    const log: string[] = [];
    const queues = {
      batchSize: 1,
      newBatchThreshold: 0,
      maxDequeueCount: 3,
      maxPollingIntervalMs: 100,
      visibilityTimeoutMs: 0,
      messageEncoding: 'none',
    } as const;
    const listener = new QueueListener(
      { name: 'failWork', queueName: 'work-poison', connection: 'AzureWebJobsStorage' },
      service,
      { queues, leaseSeconds: 1 },
      async ({ metadata }) => {
        seen.push(Number(JSON.parse(String(metadata?.dequeueCount?.json ?? metadata?.dequeueCount?.int ?? 0))));
        return { kind: 'failed', error: new Error('again') } as never;
      },
      ({ message }) => log.push(message),
    );
    listener.start();
    await vi.waitUntil(() => seen.length > 5, 25_000);
    await listener.stop();
    await listener.idle();
    expect(await countIn('work-poison')).toBe(1);
    expect(await service.getQueueClient('work-poison-poison').exists()).toBe(false);
    expect(log[0]).toMatch(
      /^Message \S+ of the queue work-poison failed; it becomes visible again when its lease expires\.$/,
    );
  });

  it('never receive a plain message when host.json requires base64: it is moved to the poison queue', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'base64-app-'));
    onTestFinished(() => rm(directory, { recursive: true, force: true }));
    await cp(app.directory(), directory, { recursive: true });
    const hostJson = await readFile(join(directory, 'host.json'), 'utf8');
    await writeFile(join(directory, 'host.json'), hostJson.replace('"none"', '"base64"'));
    await send('{"plain":1}');
    await send(Buffer.from('{"encoded":1}').toString('base64'));
    const { log, seen } = await start(600, directory);
    await log.next(/^Executed/);
    expect((await log.next(/not encoded as base64/)).message).toBe(
      "Message is not encoded as base64, which host.json requires. Moving message to queue 'work-poison'.",
    );
    await vi.waitUntil(async () => (await countIn('work')) === 0, 5_000);
    expect(seen.messages.map(({ body }) => body)).toEqual([{ encoded: 1 }]);
    expect(await textsIn('work-poison')).toEqual(['{"plain":1}']);
  });

  it('keep a message hidden for as long as its handler runs', async () => {
    await send('{"waitMs":3500}');
    const { log, seen } = await start(2);
    await log.next(/^Executed 'Functions.work' \(Succeeded/);
    await vi.waitUntil(async () => (await countIn('work')) === 0, 5_000);
    expect(seen.messages).toHaveLength(1);
  });

  it('work on no more than batchSize messages at once', async () => {
    for (let n = 0; n < 4; n += 1) await send('{"waitMs":300}');
    const { log } = await start();
    const executed = () => log.entries.filter(({ message }) => message.startsWith('Executed')).length;
    await vi.waitUntil(() => executed() === 4, 10_000);
    let [running, most] = [0, 0];
    for (const { message } of log.entries) {
      if (message.startsWith('Executing')) running += 1;
      if (message.startsWith('Executed')) running -= 1;
      most = Math.max(most, running);
    }
    expect(most).toBe(2);
  });

  it('send their outputs: an array is a message each, and JSON text is re-indented', async () => {
    await send('{"forward":[{"a":1},"text"]}');
    await send(JSON.stringify({ forward: '{"b":2}' }));
    await start();
    await vi.waitUntil(async () => (await countIn('forwarded')) === 3, 5_000);
    expect((await textsIn('forwarded')).sort()).toEqual(['text', '{\n  "a": 1\n}', '{\n  "b": 2\n}']);
  });

  it('send nothing when the handler fails', async () => {
    await send('{"forward":"x","fail":true}');
    const { log } = await start();
    await log.next(/MaxDequeueCount/);
    expect(await textsIn('forwarded')).toEqual([]);
  });

  it('run by hand with a given message', async () => {
    const { url, log, seen } = await start();
    const headers = { 'x-functions-key': keys.masterKey };
    const body = JSON.stringify({ input: '{"by":"hand"}' });
    await fetch(`${url}/admin/functions/work`, { method: 'POST', headers, body });
    await log.next(/^Executed/);
    expect(seen.messages[0]?.body).toEqual({ by: 'hand' });
  });

  it('wait for a queue that is not there yet', async () => {
    await service.getQueueClient('work').delete();
    const { log, seen } = await start();
    // Azure Storage and Azurite reserve a deleted name for a moment.
    await vi.waitUntil(
      () =>
        service
          .getQueueClient('work')
          .createIfNotExists()
          .then(
            () => true,
            () => false,
          ),
      30_000,
    );
    await send('first');
    await log.next(/^Executed/);
    expect(seen.messages).toHaveLength(1);
    expect(log.entries.filter(({ level }) => level === 'error')).toEqual([]);
  });

  it('fetch no further messages once the host closes, and finish those in progress', async () => {
    await send('{"waitMs":300}');
    const host = await start();
    await host.log.next(/^Executing/);
    for (let n = 0; n < 3; n += 1) await send('{"n":1}');
    await host.close();
    expect(await countIn('work')).toBe(3);
    expect((await textsIn('work')).length).toBeGreaterThanOrEqual(2);
  });
});
