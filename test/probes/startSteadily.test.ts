import { describe, expect, it } from 'vitest';
import { type Probe, probeSchema } from '../../src/config/probe.ts';
import { startSteadily } from '../../src/probes/runDueProbes.ts';
import { probeJson } from '../support/probeJson.ts';
import { createVirtualTime, type VirtualTime } from '../support/virtualTime.ts';

const fiveMinutesMs = 298_000;

const probesOf = (count: number, change: (number: number) => object = () => ({})): Probe[] =>
  Array.from({ length: count }, (_, number) =>
    probeSchema.parse(probeJson({ name: `p${number}`, registrationId: `device-${number}`, ...change(number) })),
  );

interface Ran {
  readonly name: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly outOfTime: boolean;
}

/** Simulates a scheduled run whose probes take this long each; a run ends early when its signal aborts. */
async function play(
  probes: readonly Probe[],
  {
    durationMs,
    lengthMs = fiveMinutesMs,
    startsPerSecond = 10,
  }: { durationMs: number; lengthMs?: number; startsPerSecond?: number },
  time: VirtualTime = createVirtualTime(),
): Promise<readonly Ran[]> {
  const ran: Ran[] = [];
  const sleep = (ms: number, signal: AbortSignal) =>
    signal.aborted
      ? Promise.resolve()
      : Promise.race([
          time.sleep(ms),
          new Promise<void>((resume) => signal.addEventListener('abort', () => resume(), { once: true })),
        ]);
  const running = startSteadily(
    probes,
    { startsPerSecond, lengthMs },
    async ({ name }, signal) => {
      const startMs = time.now();
      const outOfTime = signal.aborted;
      if (!outOfTime) await sleep(durationMs, signal);
      ran.push({ name, startMs, endMs: time.now(), outOfTime: outOfTime || signal.aborted });
    },
    { now: time.now, sleep },
  );
  await time.run();
  await running;
  return ran;
}

describe('a scheduled run', () => {
  it('starts ten probes a second, evenly, regardless of their duration', async () => {
    const ran = await play(probesOf(30), { durationMs: 60_000 });
    expect(ran.map(({ startMs }) => Math.round(startMs))).toEqual(Array.from({ length: 30 }, (_, at) => at * 100));
  });

  it('has every outcome of 150 probes at a silent server within 30 s of the due time (fault 13)', async () => {
    const ran = await play(probesOf(150), { durationMs: 10_000 });
    expect(ran).toHaveLength(150);
    expect(Math.max(...ran.map(({ endMs }) => endMs))).toBeLessThan(30_000);
    expect(ran.some(({ outOfTime }) => outOfTime)).toBe(false);
  });

  it.each([300, 60_000])(
    'runs 500 probes of %i ms on one instance in a schedule of five minutes',
    async (durationMs) => {
      const ran = await play(probesOf(500), { durationMs });
      expect(new Set(ran.map(({ name }) => name)).size).toBe(500);
      expect(ran.some(({ outOfTime }) => outOfTime)).toBe(false);
      expect(Math.max(...ran.map(({ endMs }) => endMs))).toBeLessThan(fiveMinutesMs);
    },
  );

  it('has one rate for each ID scope, shared with the other locations', async () => {
    const probes = probesOf(40, (number) => ({ idScope: number % 2 ? '0ne00000001' : '0ne00000002' }));
    const ran = await play(probes, { durationMs: 100, startsPerSecond: 10 / 4 });
    expect(Math.max(...ran.map(({ startMs }) => Math.round(startMs)))).toBe(19 * 400);
  });

  it('runs the probes of one device one after the other, and delays no other device', async () => {
    const probes = probesOf(6, (number) => ({ registrationId: number < 3 ? 'Shared' : `own-${number}` }));
    const ran = await play(probes, { durationMs: 20_000 });
    const shared = ran.filter(({ name }) => ['p0', 'p1', 'p2'].includes(name));
    expect(shared.map(({ startMs }) => startMs)).toEqual([0, 20_000, 40_000]);
    expect(ran.filter(({ name }) => !['p0', 'p1', 'p2'].includes(name)).every(({ startMs }) => startMs < 500)).toBe(
      true,
    );
  });

  it('ends at its one deadline: running probes are ended, and the others are recorded as not started', async () => {
    const probes = probesOf(700, (number) => ({ registrationId: number < 2 ? 'shared' : `own-${number}` }));
    const ran = await play(probes, { durationMs: 60_000, lengthMs: 58_000 });
    expect(ran).toHaveLength(700);
    expect(Math.max(...ran.map(({ endMs }) => endMs))).toBe(58_000);
    const neverStarted = ran.filter(({ startMs }) => startMs === 58_000);
    expect(neverStarted).toHaveLength(700 - 580);
    expect(ran.every(({ outOfTime }) => outOfTime)).toBe(true);
  });

  it('is over with its last probe, not with its deadline', async () => {
    const time = createVirtualTime();
    const ran = await play(probesOf(1), { durationMs: 10 }, time);
    expect(ran[0]?.endMs).toBe(10);
  });

  it('without probes ends immediately', async () => {
    expect(await play([], { durationMs: 10 })).toEqual([]);
  });
});
