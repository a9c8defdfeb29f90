import { expect, it } from 'vitest';
import { dueProbes } from '../../src/app/dueProbes.ts';
import { probeSchema } from '../../src/config/probe.ts';
import { parseSettings } from '../../src/config/settings.ts';
import type { Trigger } from '../../src/outcomes/outcome.ts';
import { buildOutcome } from '../support/buildOutcome.ts';
import { probeJson } from '../support/probeJson.ts';
import { closedStorage, historyAt, useAzurite } from '../support/useHistory.ts';

const azurite = useAzurite();
const parsed = parseSettings({});
if (parsed.kind === 'invalid') throw new Error('no setting is required');
const { settings } = parsed;
const noon = new Date('2026-11-24T12:00:00.000Z');

/** A daily probe, due at midnight UTC, that ran at these times. */
async function daily(name: string, runs: readonly (readonly [startedAt: string, trigger: Trigger])[]) {
  const history = historyAt(azurite.connectionString());
  for (const [index, [startedAt, trigger]] of runs.entries()) {
    await history.append(buildOutcome({ probe: name, runId: `run-${index}`, startedAt, trigger }));
  }
  const probes = [probeSchema.parse(probeJson({ name, everyMinutes: 1440 }))];
  return { dueAt: async (now: Date) => (await dueProbes({ probes, settings, history }, now)).length };
}

it('runs a daily probe later in the day when the app was restarted when it was due (fault 32)', async () => {
  const { dueAt } = await daily('restarted', [['2026-11-23T00:00:01.000Z', 'timer']]);
  expect(await dueAt(noon)).toBe(1);
});

it('runs it once a day, and a run on demand does not count', async () => {
  const ran = await daily('ran', [
    ['2026-11-23T00:00:01.000Z', 'timer'],
    ['2026-11-24T00:00:01.000Z', 'timer'],
  ]);
  expect(await ran.dueAt(noon)).toBe(0);
  const onDemand = await daily('on-demand', [
    ['2026-11-23T00:00:01.000Z', 'timer'],
    ['2026-11-24T09:00:00.000Z', 'http'],
  ]);
  expect(await onDemand.dueAt(noon)).toBe(1);
});

it('runs it at its own due time, and not earlier', async () => {
  const { dueAt } = await daily('new', []);
  expect(await dueAt(noon)).toBe(0);
  expect(await dueAt(new Date('2026-11-25T00:00:00.100Z'))).toBe(1);
});

it('uses only the schedule when the history cannot be read', async () => {
  const history = historyAt(await closedStorage());
  const probes = [probeSchema.parse(probeJson({ everyMinutes: 1440 })), probeSchema.parse(probeJson({ name: 'each' }))];
  expect((await dueProbes({ probes, settings, history }, noon)).map(({ name }) => name)).toEqual(['each']);
});
