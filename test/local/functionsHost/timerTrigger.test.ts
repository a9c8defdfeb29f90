import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { quietEnvironment, useFixtureApp } from '../../support/fixtureApp.ts';
import { keys } from '../../support/hostKeys.ts';

const everySecond = { ...quietEnvironment, FIXTURE_SCHEDULE: '* * * * * *' };

async function stateDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'timers-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

describe('timer functions', () => {
  const app = useFixtureApp();
  const runNow = (url: string, body = '{"input":""}', key = keys.masterKey, name = 'tick') =>
    fetch(`${url}/admin/functions/${name}`, { method: 'POST', headers: { 'x-functions-key': key }, body });

  it("fire by the setting's schedule, and have no status below one minute", async () => {
    const { log, seen } = await app.start({ environment: everySecond });
    await log.next(/^Executed 'Functions.tick' \(Succeeded/);
    expect(seen.timers[0]).toEqual({ schedule: { adjustForDST: true }, scheduleStatus: null, isPastDue: false });
    expect((await log.next(/^Executing/)).message).toMatch(/Reason='Timer fired at \S+\+00:00'/);
  });

  it('never overlap: due times while a handler runs are skipped', async () => {
    const { log, seen } = await app.start({ environment: everySecond });
    seen.tickMs = 1_200;
    await vi.waitUntil(() => log.entries.filter(({ message }) => message.startsWith('Executed')).length === 2, 10_000);
    expect(seen.mostRunningTicks).toBe(1);
  });

  it('run now for the master key, with the status of a timer that has not run yet', async () => {
    const { url, log, seen } = await app.start();
    expect((await runNow(url)).status).toBe(202);
    await log.next(/^Executed 'Functions.tick'/);
    expect(seen.timers).toEqual([
      {
        schedule: { adjustForDST: true },
        scheduleStatus: {
          last: '0001-01-01T00:00:00+00:00',
          next: `${new Date().getUTCFullYear() + 1}-01-01T00:00:00.000+00:00`,
          lastUpdated: expect.stringMatching(/\+00:00$/),
        },
        isPastDue: false,
      },
    ]);
  });

  it.each([
    ['the function key', 401, () => ['{"input":""}', keys.functionKey, 'tick']],
    ['an unknown function', 404, () => ['{"input":""}', keys.masterKey, 'nope']],
    ['a function called by HTTP', 404, () => ['{"input":""}', keys.masterKey, 'echo']],
    ['a body that is not JSON', 400, () => ['input', keys.masterKey, 'tick']],
    ['a body of another shape', 400, () => ['{"input":5}', keys.masterKey, 'tick']],
    ['a name in another case', 202, () => ['{"input":""}', keys.masterKey, 'TICK']],
  ])('respond to %s with %d', async (_case, status, request) => {
    const { url } = await app.start();
    const [body, key, name] = request();
    expect((await runNow(url, body, key, name)).status).toBe(status);
  });

  it('catch up once, as past due, on what was missed while no host ran', async () => {
    const directory = await stateDirectory();
    const last = '2026-01-01T00:00:00.000Z';
    const missed = { last, next: '2026-01-02T00:00:00.000Z', lastUpdated: last };
    await writeFile(join(directory, 'tick.json'), JSON.stringify(missed));
    const { log, seen, close } = await app.start({ stateDirectory: directory });
    await log.next(/^Executed 'Functions.tick'/);
    expect(seen.timers).toMatchObject([{ isPastDue: true, scheduleStatus: { last: '2026-01-01T00:00:00.000+00:00' } }]);
    await close();
    const stored = JSON.parse(await readFile(join(directory, 'tick.json'), 'utf8'));
    expect(new Date(stored.next).getTime()).toBeGreaterThan(Date.now());

    const second = await app.start({ stateDirectory: directory });
    await fetch(`${second.url}/api/things/1`);
    expect(second.seen.timers).toEqual([]);
  });

  it('start without a status when the stored one cannot be read', async () => {
    const directory = await stateDirectory();
    await writeFile(join(directory, 'tick.json'), 'half a fi');
    const { url, log, seen } = await app.start({ stateDirectory: directory });
    await runNow(url);
    await log.next(/^Executed 'Functions.tick'/);
    expect(seen.timers).toMatchObject([{ isPastDue: false, scheduleStatus: { last: '0001-01-01T00:00:00+00:00' } }]);
  });

  it('do not fire on a worker without timers, and can still be run manually', async () => {
    const directory = await stateDirectory();
    const missed = { last: null, next: '2026-01-02T00:00:00.000Z', lastUpdated: '2026-01-01T00:00:00.000Z' };
    await writeFile(join(directory, 'tick.json'), JSON.stringify(missed));
    const { url, log, seen } = await app.start({ timers: false, stateDirectory: directory });
    await runNow(url);
    await log.next(/^Executed 'Functions.tick'/);
    expect(seen.timers).toMatchObject([{ isPastDue: false }]);
  });
});
