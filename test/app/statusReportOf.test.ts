import { expect, it } from 'vitest';
import type { Services } from '../../src/app/services.ts';
import { statusReportOf } from '../../src/app/statusReportOf.ts';
import { probeSchema } from '../../src/config/probe.ts';
import { buildOutcome } from '../support/buildOutcome.ts';
import { probeJson } from '../support/probeJson.ts';
import { historyAt, useAzurite } from '../support/useHistory.ts';

const azurite = useAzurite();
const start = Date.now();
const at = (ms: number) => new Date(start + ms);

it('22: a crowd of readers shares one report, which is at most ten seconds old', async () => {
  const history = historyAt(azurite.connectionString());
  const append = (runId: string) =>
    history.append(buildOutcome({ probe: 'crowd', runId, startedAt: new Date().toISOString() }));
  const settings = { location: 'westeurope', probeSchedule: '0 */5 * * * *' };
  const services = {
    probes: [probeSchema.parse(probeJson({ name: 'crowd' }))],
    settings,
    history,
  } as unknown as Services;
  const lastRun = async (ms: number) => (await statusReportOf(services, at(ms))).probes[0]?.last?.runId;

  await append('first');
  const reports = await Promise.all(Array.from({ length: 20 }, (_, reader) => statusReportOf(services, at(reader))));
  expect(new Set(reports).size).toBe(1);
  await append('second');
  expect(await lastRun(9_999)).toBe('first');
  expect(await lastRun(10_000)).toBe('second');
});
