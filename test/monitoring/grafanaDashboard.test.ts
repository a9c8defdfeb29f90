import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type CloudStandIns, startCloudStandIns } from '../support/cloudStandIns.ts';
import { requires } from '../support/requires.ts';
import { type RunningApp, startRunningApp } from '../support/runningApp.ts';
import { type RunningPrometheus, runPrometheus } from '../support/runPrometheus.ts';

const folder = join(import.meta.dirname, '../../monitoring');
const dashboard = z
  .object({
    panels: z.array(z.object({ title: z.string(), targets: z.array(z.object({ expr: z.string() })) })),
    templating: z.object({ list: z.array(z.object({ name: z.string(), definition: z.string().optional() })) }),
  })
  .parse(JSON.parse(await readFile(join(folder, 'grafana-dashboard.json'), 'utf8')));

const expressions = dashboard.panels.flatMap(({ title, targets }) =>
  targets.map(({ expr }) => ({ title, expr: expr.replaceAll('$probe', '.*').replaceAll('$location', '.*') })),
);

describe('monitoring/grafana-dashboard.json', requires('prometheus'), () => {
  let cloud: CloudStandIns | undefined;
  let app: RunningApp | undefined;
  let prometheus: RunningPrometheus | undefined;

  beforeAll(async () => {
    const key = Buffer.from('a key of the test, nothing else').toString('base64');
    cloud = await startCloudStandIns({
      dps: {
        idScope: '0neLOCAL',
        retryAfterSeconds: 0,
        credentialPolicies: [{ name: 'default', validityDays: 30, renewalSeconds: 0 }],
        enrollmentGroups: [
          {
            enrollmentGroupId: 'fleet',
            attestation: { type: 'symmetricKey', symmetricKey: { primaryKey: key } },
            credentialPolicyName: 'default',
          },
        ],
        faults: { failing: [{ kind: 'failed' }] },
      },
      secrets: { 'fleet-key': key },
    });
    const endpoint = `localhost:${cloud.dps.mqttsPort}`;
    const { hub } = cloud;
    const renewing = { requestCertificate: true, verifyHub: 'renew', expect: { assignedHub: [hub] } };
    const probes = ['works', 'failing', 'renews'].map((name) => ({
      ...(name === 'renews' && renewing),
      name,
      idScope: '0neLOCAL',
      registrationId: name,
      globalDeviceEndpoint: endpoint,
      attestation: { type: 'symmetricKey', secret: 'fleet-key', enrollment: 'group' },
    }));
    app = await startRunningApp({ ...cloud.settings, PROBE_LOCATION: 'here', PROBES: JSON.stringify(probes) });
    const { url, key: code, call } = app;
    const runAll = () =>
      Promise.all(
        probes.map(({ name }) => call(`probes/${name}/runs`, { method: 'POST', headers: { 'x-functions-key': code } })),
      );
    await runAll();
    prometheus = await runPrometheus(`
global: { scrape_interval: 1s, scrape_timeout: 1s }
scrape_configs:
  - job_name: dps-canary
    metrics_path: /api/metrics
    params: { code: ['${code}'] }
    static_configs: [{ targets: ['${new URL(url).host}'] }]
`);
    // An increase needs a scrape before further runs, and one after them.
    await prometheus.query('probe_runs_total > 0', 30_000);
    await runAll();
    await prometheus.query('probe_runs_total > 1', 30_000);
  }, 120_000);
  afterAll(async () => {
    await prometheus?.close();
    await app?.close();
    await cloud?.close();
  });

  it.each(expressions)('$title shows what the running app exposes: $expr', async ({ expr }) => {
    const results = (await prometheus?.query(expr)) ?? [];
    expect(results.length).toBeGreaterThan(0);
  });

  it('offers the probes and locations that there are', async () => {
    for (const { name, definition } of dashboard.templating.list) {
      if (definition === undefined) continue;
      const [, metric = '', label = ''] = /^label_values\((\w+), (\w+)\)$/.exec(definition) ?? [];
      expect(label).toBe(name);
      const values = (await prometheus?.query(metric))?.map(({ metric: labels }) => labels[label]);
      expect(new Set(values)).toEqual(new Set(name === 'probe' ? ['works', 'failing', 'renews'] : ['here']));
    }
  });

  it('and the alert rules read only metrics that the running app exposes', async () => {
    const text = (await app?.call('metrics'))?.text ?? '';
    const exposed = new Set([...text.matchAll(/^# TYPE (\w+) /gm)].map(([, name]) => name));
    const rules = await readFile(join(folder, 'prometheus-rules.yml'), 'utf8');
    // The secret of these probes has no date.
    const conditional = /^probe_secret_expiry/;
    const read = [...rules.matchAll(/\b(probe_\w+|dps_canary_\w+)\b/g)].map(([, name = '']) => name);
    expect(read.length).toBeGreaterThan(8);
    expect(read.filter((name) => !exposed.has(name) && !conditional.test(name))).toEqual([]);
  });
});
