import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { availabilityEnvelope } from '../../src/telemetry/appInsights/availabilityEnvelope.ts';
import { applicationInsightsTables } from '../support/applicationInsightsTables.ts';
import { needsBicep, resourcesOf, type Snapshot, snapshotOf } from '../support/bicep.ts';
import { buildOutcome } from '../support/buildOutcome.ts';
import { analyseKusto } from '../support/kusto.ts';

const ruleSchema = z.object({
  severity: z.int(),
  description: z.string(),
  scopes: z.array(z.string()),
  evaluationFrequency: z.string(),
  windowSize: z.string(),
  criteria: z.object({
    allOf: z.tuple([
      z.object({
        query: z.string(),
        metricMeasureColumn: z.string(),
        dimensions: z.array(z.object({ name: z.string() })),
        operator: z.string(),
        threshold: z.number(),
      }),
    ]),
  }),
  actions: z.object({ actionGroups: z.array(z.string()) }),
});

function rulesIn(snapshot: Snapshot) {
  return new Map(
    resourcesOf(snapshot, 'Microsoft.Insights/scheduledQueryRules').map(({ name, properties }) => {
      const { criteria, ...rule } = ruleSchema.parse(properties);
      return [name.replace(/^(defaults|everything|existing)-/, ''), { ...rule, ...criteria.allOf[0] }];
    }),
  );
}

/** Names that follow `customDimensions.` or `customMeasurements.` in a query. */
export function bagKeys(query: string, bag: 'customDimensions' | 'customMeasurements'): readonly string[] {
  return [...query.matchAll(new RegExp(`${bag}\\.(\\w+)`, 'g'))].map(([, key = '']) => key);
}

describe('alert rules', needsBicep, () => {
  let rules: ReturnType<typeof rulesIn>;
  let defaults: ReturnType<typeof rulesIn>;
  beforeAll(async () => {
    rules = rulesIn(await snapshotOf('everything'));
    defaults = rulesIn(await snapshotOf('defaults'));
  }, 240_000);

  it('are these, with these severities', () => {
    expect(Object.fromEntries([...defaults].map(([name, { severity }]) => [name, severity]))).toEqual({
      'probe-failing': 1,
      'burn-rate-fast': 1,
      'burn-rate-slow': 2,
      'prober-silent': 1,
      'probe-silent': 2,
      'probe-unknown': 2,
      'probe-degraded': 3,
      expiry: 2,
      'issued-certificate': 2,
      'maintenance-silent': 2,
      'poison-queue': 2,
    });
  });

  it('ask in valid Kusto, naming only tables, columns and functions that exist', () => {
    for (const [name, { query }] of [...rules, ...defaults]) {
      expect({ name, faults: analyseKusto(query, applicationInsightsTables).faults }).toEqual({ name, faults: [] });
      expect(query).not.toContain('{{');
    }
  });

  it('measure and split by columns that their queries return', () => {
    for (const [name, { query, metricMeasureColumn, dimensions }] of rules) {
      const { columns } = analyseKusto(query, applicationInsightsTables);
      expect(columns, name).toEqual(
        expect.arrayContaining([metricMeasureColumn, ...dimensions.map((dimension) => dimension.name)]),
      );
    }
  });

  it('read only properties and measurements that the telemetry writes', () => {
    const contexts = { instrumentationKey: 'key', role: 'role' };
    const written = (['healthy', 'failing', 'unknown'] as const).map((verdict) => {
      const { baseData } = availabilityEnvelope(buildOutcome({ verdict }), contexts).data;
      return z
        .object({ properties: z.record(z.string(), z.json()), measurements: z.record(z.string(), z.number()) })
        .parse(baseData);
    });
    for (const [name, { query }] of rules) {
      for (const { properties, measurements } of written) {
        const writtenKeys = Object.keys({ ...properties, ...measurements });
        const read = [...bagKeys(query, 'customDimensions'), ...bagKeys(query, 'customMeasurements')];
        expect(writtenKeys, name).toEqual(expect.arrayContaining(read));
      }
    }
  });

  it('return a row for each probe and location without outcomes, because missing outcomes have no rows', () => {
    const query = rules.get('probe-silent')?.query;
    for (const probe of ['key', 'certificate', 'expired-token', 'sandbox-key', 'sandbox-wrong-key']) {
      expect(query).toContain(`"${probe}"`);
    }
    expect(query).toContain('["westeurope", "eastus2", "japaneast"]');
    expect(query).toContain('kind=leftouter');
    expect(rules.get('probe-silent')).toMatchObject({ operator: 'LessThan', threshold: 1 });
    expect(rules.get('prober-silent')).toMatchObject({ operator: 'LessThan', threshold: 1 });
    expect(rules.get('maintenance-silent')).toMatchObject({ operator: 'LessThan', threshold: 1 });
  });

  it('allow a probe that runs rarely three missed runs before they report it', () => {
    expect(rules.get('probe-silent')?.query).toContain('"key", 180,');
    expect(rules.get('probe-silent')?.query).toContain('"certificate", 45,');
    expect(defaults.get('probe-silent')?.query).toContain('"one", 30]');
  });

  it('follow the parameters', () => {
    expect(rules.get('probe-failing')).toMatchObject({ threshold: 3, query: expect.stringContaining('run <= 5') });
    expect(defaults.get('probe-failing')).toMatchObject({ threshold: 2, query: expect.stringContaining('run <= 3') });
    expect(rules.get('burn-rate-fast')?.query).toContain('errorBudget = 50 / 10000.0');
    expect(rules.get('expiry')).toMatchObject({ operator: 'LessThanOrEqual', threshold: 30 });
    for (const [, { actionGroups }] of [...rules].map(([name, rule]) => [name, rule.actions] as const)) {
      expect(actionGroups).toHaveLength(2);
    }
    for (const [, rule] of defaults) expect(rule.actions.actionGroups).toEqual([]);
  });

  it('are explained to the person on call, with the severity that they have', async () => {
    const page = await readFile(join(import.meta.dirname, '../../docs/operate.md'), 'utf8');
    const documented = [...page.matchAll(/^\| `([a-z-]+)` \| ([0-4]) \|/gm)].map(([, name, severity]) => [
      name,
      Number(severity),
    ]);
    expect(Object.fromEntries(documented)).toEqual(
      Object.fromEntries([...defaults].map(([name, { severity }]) => [name, severity])),
    );
  });

  it('describe what happened', () => {
    for (const [, { description }] of rules) expect(description).toMatch(/^[A-Z].{30,}\.$/);
  });

  it('read the words with which the app logs its maintenance', async () => {
    const source = await readFile(join(import.meta.dirname, '../../src/app/maintain.ts'), 'utf8');
    const query = rules.get('maintenance-silent')?.query ?? '';
    const words = [...new Set([...query.matchAll(/message startswith '([^']+)'/g)].map(([, start = '']) => start))];
    expect(words).toHaveLength(2);
    for (const start of words) expect(source).toContain(`\`${start}`);
  });
});
