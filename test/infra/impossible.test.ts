import { execFile } from 'node:child_process';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { bicepPath, needsBicep, subscriptionId } from '../support/bicep.ts';

const run = promisify(execFile);
const infra = join(import.meta.dirname, '../../infra');
const probe = `{
  name: 'one'
  idScope: '0ne00A1B2C3'
  registrationId: 'canary-001'
  attestation: { type: 'symmetricKey', secret: 'canary-001-key' }
}`;

/** What the compiler reports of a deployment with these parameters; empty when it can be deployed. */
async function refusalOf(parameters: string): Promise<string> {
  const copy = await mkdtemp(join(tmpdir(), 'impossible-'));
  try {
    await cp(infra, join(copy, 'infra'), { recursive: true });
    const file = join(copy, 'one.bicepparam');
    await writeFile(
      file,
      `using 'infra/main.bicep'\nparam environmentName = 'a'\nparam location = 'westeurope'\n${parameters}`,
    );
    const place = ['--subscription-id', subscriptionId, '--tenant-id', subscriptionId, '--location', 'westeurope'];
    const { stderr } = await run(bicepPath, ['snapshot', file, '--mode', 'overwrite', ...place]);
    return stderr;
  } catch (error) {
    return String((error as { stderr?: unknown }).stderr);
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}

describe('a deployment that could not work', needsBicep, () => {
  it.each([
    [
      'without probes and without a sandbox',
      '',
      'No probes: write them into infra/main.bicepparam, or set SANDBOX to true',
    ],
    [
      'with the placeholder of an ID scope',
      `param probes = [${probe.replace('0ne00A1B2C3', '0ne00000000')}]`,
      'The ID scope 0ne00000000 is a placeholder',
    ],
    [
      'with an alert that asks for more failing runs than it looks at',
      `param probes = [${probe}]\nparam alerts = { failingRuns: 4 }`,
      'alerts.failingRuns is 4, but the rule considers only 3 runs',
    ],
    [
      'with an objective at which the fast burn rate can never be reached',
      `param probes = [${probe}]\nparam alerts = { objectiveBasisPoints: 9285 }`,
      '9286',
    ],
  ])(
    'stops %s, and the reason is a sentence',
    async (_title, parameters, sentence) => {
      expect(await refusalOf(parameters)).toContain(sentence);
    },
    60_000,
  );

  it('is distinguished from one that can', async () => {
    expect(await refusalOf(`param probes = [${probe}]`)).toBe('');
  }, 60_000);
});
