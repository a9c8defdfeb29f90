/**
 * A process that runs each probe that it is given and reports what the run cost: a line of JSON each. A pause of the event loop is
 * counted in CPU time, and lateness less the time that this process waited for a CPU: what else the machine does is left out.
 * Start it with --expose-gc.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { type Probe, probeSchema } from '../../src/config/probe.ts';
import { runProbe } from '../../src/probes/runProbe.ts';

export interface RunCost {
  readonly kind: string;
  readonly phase: string;
  readonly message: string;
  /** How long after its deadline the run ended. */
  readonly lateMs: number;
  /** The longest time for which the event loop was blocked. */
  readonly pauseMs: number;
  readonly addedMegabytes: number;
}

const dueMs = 5;

const [probes = '[]', key = ''] = process.argv.slice(2);
const all: readonly Probe[] = JSON.parse(probes).map((probe: unknown) => probeSchema.parse(probe));
const [first] = all;
// Everything has to be loaded, the trust store included, before anything is measured.
if (first) await runProbe({ ...first, timeoutSeconds: 0.2 }, { readSecret });
for (const probe of all) console.log(JSON.stringify(await measure(probe)));

async function readSecret() {
  return { kind: 'found', value: key } as const;
}

async function measure(probe: Probe): Promise<RunCost> {
  globalThis.gc?.();
  const before = process.memoryUsage().rss;
  let most = before;
  let [pauseMs, waitedMs] = [0, 0];
  let last = { cpu: cpuMs(), wall: performance.now() };
  const look = () => {
    const now = { cpu: cpuMs(), wall: performance.now() };
    const busyMs = now.cpu - last.cpu;
    pauseMs = Math.max(pauseMs, busyMs - dueMs);
    waitedMs = Math.max(waitedMs, now.wall - last.wall - busyMs - dueMs);
    last = now;
    most = Math.max(most, process.memoryUsage().rss);
  };
  const looking = setInterval(look, dueMs);
  const start = performance.now();
  const { result } = await runProbe(probe, { readSecret });
  const endedAfterMs = performance.now() - start;
  await delay(2 * dueMs);
  look();
  clearInterval(looking);
  return {
    kind: result.kind,
    phase: 'phase' in result ? result.phase : '',
    message: 'message' in result && typeof result.message === 'string' ? result.message : '',
    lateMs: Math.max(0, endedAfterMs - probe.timeoutSeconds * 1000 - waitedMs),
    pauseMs,
    addedMegabytes: (most - before) / 1024 / 1024,
  };
}

function cpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}
