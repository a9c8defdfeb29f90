import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { requires } from '../support/requires.ts';

const run = promisify(execFile);
const folder = join(import.meta.dirname, '../../monitoring');

describe('monitoring/prometheus-rules.yml', requires('promtool'), () => {
  it('is accepted by promtool', async () => {
    const { stdout } = await run('promtool', ['check', 'rules', 'prometheus-rules.yml'], { cwd: folder });
    expect(stdout).toMatch(/SUCCESS: \d+ rules found/);
  });

  it('alerts as in its promtool tests', async () => {
    const { stdout } = await run('promtool', ['test', 'rules', 'prometheus-rules.test.yml'], { cwd: folder });
    expect(stdout).toContain('SUCCESS');
  });

  it('has a test that fires each of its alerts', async () => {
    const alerts = z
      .object({ groups: z.array(z.object({ rules: z.array(z.object({ alert: z.string().optional() })) })) })
      .parse(parse(await readFile(join(folder, 'prometheus-rules.yml'), 'utf8')))
      .groups.flatMap(({ rules }) => rules.flatMap(({ alert }) => alert ?? []));
    const fired = z
      .object({
        tests: z.array(
          z.object({ alert_rule_test: z.array(z.object({ alertname: z.string(), exp_alerts: z.array(z.json()) })) }),
        ),
      })
      .parse(parse(await readFile(join(folder, 'prometheus-rules.test.yml'), 'utf8')))
      .tests.flatMap(({ alert_rule_test }) => alert_rule_test)
      .filter(({ exp_alerts }) => exp_alerts.length > 0)
      .map(({ alertname }) => alertname);
    expect(new Set(fired)).toEqual(new Set(alerts));
  });
});
