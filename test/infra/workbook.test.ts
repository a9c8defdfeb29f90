import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { availabilityEnvelope } from '../../src/telemetry/appInsights/availabilityEnvelope.ts';
import { applicationInsightsTables } from '../support/applicationInsightsTables.ts';
import { needsBicep, resourcesOf, snapshotOf } from '../support/bicep.ts';
import { buildOutcome, buildRenewed } from '../support/buildOutcome.ts';
import { analyseKusto } from '../support/kusto.ts';

const workbookSchema = z.object({
  items: z.array(z.object({ name: z.string(), content: z.object({ query: z.string().optional() }) })),
  fallbackResourceIds: z.tuple([z.string()]),
});

const workbook = workbookSchema.parse(
  JSON.parse(await readFile(join(import.meta.dirname, '../../infra/workbook.json'), 'utf8')),
);
const queries = workbook.items.flatMap(({ name, content: { query } }) =>
  query === undefined ? [] : [{ name, query }],
);

describe('the workbook', () => {
  it.each(queries)('asks for its $name in valid Kusto', ({ query }) => {
    expect(analyseKusto(query, applicationInsightsTables).faults).toEqual([]);
  });

  it('shows what the status page shows', () => {
    expect(queries.map(({ name }) => name)).toEqual([
      'probes',
      'history',
      'phases',
      'failures',
      'expiry',
      'operationalCertificates',
    ]);
  });

  it('reads only properties that the telemetry writes', () => {
    const failed = buildOutcome({
      verdict: 'failing',
      result: { kind: 'rejected', phase: 'register', status: 401, errorCode: 401002, trackingId: 'id', message: 'no' },
    });
    const unknown = buildOutcome({ verdict: 'unknown' });
    const written = [failed, unknown, buildOutcome({ result: buildRenewed() })].flatMap((outcome) => {
      const { baseData } = availabilityEnvelope(outcome, { instrumentationKey: 'key', role: 'role' }).data;
      const bags = z.object({ properties: z.object({}).loose(), measurements: z.object({}).loose() }).parse(baseData);
      return Object.keys({ ...bags.properties, ...bags.measurements });
    });
    const read = queries.flatMap(({ query }) =>
      [...query.matchAll(/custom(?:Dimensions|Measurements)\.(\w+)/g)].map(([, key]) => key),
    );
    expect(written).toEqual(expect.arrayContaining(read));
  });
});

describe('the deployed workbook', needsBicep, () => {
  it('is bound to the component of its deployment', async () => {
    const snapshot = await snapshotOf('defaults');
    const [component] = resourcesOf(snapshot, 'Microsoft.Insights/components');
    const [deployed] = resourcesOf(snapshot, 'Microsoft.Insights/workbooks');
    const { sourceId, serializedData } = z
      .object({ sourceId: z.string(), serializedData: z.string() })
      .parse(deployed?.properties);
    expect(sourceId).toBe(component?.id);
    expect(workbookSchema.parse(JSON.parse(serializedData)).fallbackResourceIds).toEqual([component?.id]);
  }, 120_000);
});
