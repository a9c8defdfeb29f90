import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { authority, deviceKey, localProbe, registrationId, startLocalDps } from '../support/localProbe.ts';
import type { ProberJob, ProberReport } from '../support/proberProcess.ts';
import { historyAt, useAzurite } from '../support/useHistory.ts';

const azurite = useAzurite();
const program = fileURLToPath(new URL('../support/proberProcess.ts', import.meta.url));
const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

interface Prober {
  readonly child: ChildProcess;
  readonly reports: ProberReport[];
  readonly errors: string[];
  kill(): Promise<void>;
}

function startProber(job: ProberJob): Prober {
  const child = fork(program, { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
  const reports: ProberReport[] = [];
  const errors: string[] = [];
  child.on('message', (report) => reports.push(report as ProberReport));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => errors.push(text));
  child.send(job);
  const kill = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  };
  closing.push(kill);
  return { child, reports, errors, kill };
}

async function until(condition: () => boolean, timeoutMs = 90_000): Promise<void> {
  const endMs = Date.now() + timeoutMs;
  while (!condition()) {
    if (Date.now() > endMs) throw new Error('it did not come to that in time');
    await new Promise((resume) => setTimeout(resume, 50));
  }
}

describe('two locations with two processes each, on one storage', { timeout: 180_000 }, () => {
  it('simulate one device one after the other, with wrong clocks and after any of them is killed (faults 14, 15)', async () => {
    const dps = await startLocalDps({}, { retryAfterSeconds: 1 });
    closing.push(() => dps.close());
    let connected = 0;
    let most = 0;
    const open = new Set<number>();
    dps.requests.watch(({ clientId, kind, connection }) => {
      if (clientId !== registrationId) return;
      if (kind === 'connect') open.add(connection);
      if (kind === 'close' || kind === 'disconnect') open.delete(connection);
      connected += kind === 'connect' ? 1 : 0;
      most = Math.max(most, open.size);
    });
    const probe = { ...localProbe(dps), timeoutSeconds: 5 };
    const job = { connectionString: azurite.connectionString(), caPem: authority.caPem, probe, key: deviceKey };
    const timers = [
      startProber({ ...job, location: 'weu', trigger: 'timer', clockOffsetMs: 0 }),
      startProber({ ...job, location: 'neu', trigger: 'timer', clockOffsetMs: 120_000 }),
    ];
    const callers = [
      startProber({ ...job, location: 'weu', trigger: 'http', clockOffsetMs: -120_000 }),
      startProber({ ...job, location: 'neu', trigger: 'http', clockOffsetMs: 120_000 }),
    ];
    const count = (kind: ProberReport['kind'], prober: Prober | undefined) =>
      prober?.reports.filter((report) => report.kind === kind).length ?? 0;
    await until(
      () => timers.every((timer) => count('ran', timer) >= 2) && callers.some(({ reports }) => reports.length > 4),
    );

    // In the middle of a run: its lease lasts for another 15 s, and both locations wait for that.
    const [timer, killed] = timers;
    const begun = count('started', killed);
    await until(() => count('started', killed) > begun);
    await Promise.all([killed?.kill(), callers[0]?.kill()]);
    const again = startProber({ ...job, location: 'neu', trigger: 'timer', clockOffsetMs: 120_000 });
    timers.push(again);
    const before = count('ran', timer);
    await until(() => count('ran', timer) > before && count('ran', again) > 0);

    const reports = [...timers, ...callers].flatMap((prober) => prober.reports);
    const ran = reports.filter(({ kind }) => kind === 'ran');
    // A run does not wait for storage that a busy machine slows down: it notes that it had no lease, and may disturb another run.
    const withoutLease = ran.filter(({ notes = [] }) => notes.some((note) => note.includes('lease')));
    expect(withoutLease.length).toBeLessThan(ran.length / 2);
    if (withoutLease.length === 0) {
      expect(ran.filter(({ verdict }) => verdict !== 'healthy')).toEqual([]);
      // A server closes a device's first connection when a second one arrives: there never was a second one.
      expect(most).toBe(1);
      expect([...timers, ...callers].flatMap(({ errors }) => errors)).toEqual([]);
    }
    // With or without a lease, a scheduled run is never unknown.
    expect(ran.filter(({ verdict }) => verdict === 'unknown')).toEqual([]);
    expect(connected).toBeGreaterThanOrEqual(ran.length);

    for (const location of ['weu', 'neu']) {
      const stored = await historyAt(azurite.connectionString(), location).newest('local', 'all', 1000);
      const own = [...timers, ...callers].flatMap((prober) => prober.reports).map(({ runId }) => runId);
      expect(stored.every((outcome) => outcome.location === location)).toBe(true);
      expect(stored.filter(({ runId }) => own.includes(runId)).length).toBeGreaterThan(1);
    }
    expect(await historyAt(azurite.connectionString(), 'weu').locations()).toEqual(['neu', 'weu']);
  });
});
