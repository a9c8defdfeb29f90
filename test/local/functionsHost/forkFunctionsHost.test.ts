import { fork } from 'node:child_process';
import { once } from 'node:events';
import { QueueServiceClient } from '@azure/storage-queue';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { startAzurite } from '../../../src/local/azurite.ts';
import { type ForkOptions, forkFunctionsHost } from '../../../src/local/functionsHost/forkFunctionsHost.ts';
import { HostError } from '../../../src/local/functionsHost/hostError.ts';
import { collectLog } from '../../support/collectLog.ts';
import { quietEnvironment, useFixtureApp } from '../../support/fixtureApp.ts';
import { keys } from '../../support/hostKeys.ts';

describe('forkFunctionsHost', () => {
  const app = useFixtureApp();

  async function start(options: Partial<ForkOptions> = {}) {
    const log = collectLog();
    const defaults = { appDirectory: app.directory(), port: 0, ...keys, environment: quietEnvironment };
    const host = await forkFunctionsHost({ ...defaults, ...options, onLog: log.onLog });
    onTestFinished(() => host.kill());
    return { host, log };
  }

  it('serves from its own process and forwards its log', async () => {
    const { host, log } = await start();
    expect(host.pid).not.toBe(process.pid);
    const headers = { 'x-functions-key': keys.functionKey };
    expect((await fetch(`${host.url}/api/locked`, { headers })).status).toBe(200);
    const executing = await log.next(/^Executing 'Functions.locked'/);
    expect(executing).toMatchObject({ level: 'information', functionName: 'locked', invocationId: expect.any(String) });
    expect(host.functions.map(({ name }) => name)).toContain('tick');
  });

  it('stops in good order: running invocations first', async () => {
    const { host, log } = await start();
    const answer = fetch(`${host.url}/api/slow?ms=300`);
    await log.next(/^Executing 'Functions.slow'/);
    await host.stop();
    expect(await (await answer).text()).toBe('done');
    expect(await host.exited).toEqual({ code: 0, signal: null });
    await host.stop();
  });

  it('reports why it cannot start, with the host’s sentence', async () => {
    await expect(start({ environment: { 'AzureWebJobs.work.Disabled': 'true' } })).rejects.toThrow(
      new HostError(
        'The function tick needs the setting FIXTURE_SCHEDULE (its binding has %FIXTURE_SCHEDULE%): set it.',
      ),
    );
  });

  it('leaves the message of a killed worker to the next one, after its lease has expired', async () => {
    const azurite = await startAzurite();
    onTestFinished(() => azurite.close());
    const queue = QueueServiceClient.fromConnectionString(azurite.connectionString).getQueueClient('work');
    await queue.create();
    await queue.sendMessage('{"waitMs":60000}');
    const environment = { FIXTURE_SCHEDULE: '* * * * * *', AzureWebJobsStorage: azurite.connectionString };
    const options = { environment, queueLeaseSeconds: 2, timers: false };

    const first = await start(options);
    await first.log.next(/^attempt 1 /);
    await first.host.kill();
    expect(await first.host.exited).toEqual({ code: null, signal: 'SIGKILL' });

    const second = await start(options);
    expect((await second.log.next(/^attempt /)).message).toBe('attempt 2 at {"waitMs":60000}');
    expect(second.log.entries.filter(({ functionName }) => functionName === 'tick')).toEqual([]);
  });

  it('stops when its parent ends without a message', async () => {
    const parent = fork(new URL('../../support/functionsHostParent.ts', import.meta.url), [app.directory()], {
      env: { ...process.env, ...quietEnvironment },
      execArgv: [],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    const [pid] = await once(parent, 'message');
    const isAlive = () => {
      try {
        return process.kill(pid, 0);
      } catch {
        return false;
      }
    };
    expect(isAlive()).toBe(true);
    parent.kill('SIGKILL');
    await vi.waitUntil(() => !isAlive(), 10_000);
  });
});
