import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { probeJson } from '../support/probeJson.ts';

const command = fileURLToPath(new URL('../../src/cli/validate.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'validate-'));
afterAll(() => rmSync(folder, { recursive: true }));

function validate(args: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [command, ...args], {
    encoding: 'utf8',
    cwd: folder,
    env: { PATH: process.env.PATH, ...environment },
  });
  return { status, stdout, stderr };
}

function fileWith(name: string, probes: unknown): string {
  const path = join(folder, name);
  writeFileSync(path, JSON.stringify(probes));
  return path;
}

const twelveErrors = [
  probeJson({ name: 'Upper' }),
  probeJson({ name: 'a', idscope: '0ne' }),
  probeJson({ name: 'b', idScope: 7 }),
  probeJson({ name: 'c', registrationId: '-c' }),
  probeJson({ name: 'd', attestation: { type: 'tpm' } }),
  probeJson({
    name: 'e',
    attestation: { type: 'symmetricKey', secret: 'c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2U=' },
  }),
  probeJson({ name: 'f', globalDeviceEndpoint: 'https://dps.example' }),
  probeJson({ name: 'g', transport: 'amqp' }),
  probeJson({ name: 'h', timeoutSeconds: 600 }),
  probeJson({ name: 'i', expect: { result: 'refused', deviceId: 'd' } }),
  probeJson({ name: 'j', everyMinutes: 1.5 }),
  probeJson({ name: 'a' }),
];

describe('npm run validate', () => {
  it('prints a line for each of twelve errors, and exits 2', () => {
    const { status, stdout, stderr } = validate([fileWith('errors.json', twelveErrors)]);

    const lines = stdout.trimEnd().split('\n');
    expect(lines.map((line) => line.slice(0, line.indexOf(':')))).toEqual([
      'PROBES_FILE[0].name',
      'PROBES_FILE[1].idscope',
      'PROBES_FILE[2].idScope',
      'PROBES_FILE[3].registrationId',
      'PROBES_FILE[4].attestation.type',
      'PROBES_FILE[5].attestation.secret',
      'PROBES_FILE[6].globalDeviceEndpoint',
      'PROBES_FILE[7].transport',
      'PROBES_FILE[8].timeoutSeconds',
      'PROBES_FILE[9].expect.deviceId',
      'PROBES_FILE[10].everyMinutes',
      'PROBES_FILE[11].name',
    ]);
    expect({ status, stderr }).toEqual({ status: 2, stderr: '' });
    expect(stdout).not.toContain('c2Vj');
  });

  it('prints the errors as one JSON object with --json', () => {
    const { status, stdout } = validate([fileWith('errors.json', twelveErrors), '--json']);

    const { valid, errors } = JSON.parse(stdout) as { valid: boolean; errors: readonly object[] };
    expect({ status, valid }).toEqual({ status: 2, valid: false });
    expect(errors).toHaveLength(12);
    expect(errors[7]).toEqual({ path: 'PROBES_FILE[7].transport', message: 'expected mqtt or mqtt-ws' });
  });

  it('prints the plan of a configuration without errors, and exits 0', () => {
    const { status, stdout } = validate([fileWith('good.json', [probeJson()])], { PROBE_LOCATION: 'weu' });

    expect(status).toBe(0);
    expect(stdout).toMatch(/^1 probe, looking from weu, ticking at 0 \*\/5 \* \* \* \* \(UTC\)$/m);
    expect(stdout).toMatch(/│ weu-key .* symmetricKey individual .* each tick .* 8,766 │ +1\.08 │/);
    expect(stdout).toContain('at most 1 registration in one minute, 0.1% of the 1,000');
    expect(stdout).toContain('! KEY_VAULT_URL is not set');
  });

  it('prints the plan as one JSON object with --json', () => {
    const { status, stdout } = validate(['--json'], { PROBES: JSON.stringify([probeJson()]) });

    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      valid: true,
      plan: { probes: [{ name: 'weu-key', runsPerMonth: 8766 }] },
    });
  });

  it('reads a file, in the folder it was called from, in place of PROBES', () => {
    fileWith('good.json', [probeJson({ name: 'from-file' })]);
    const { status, stdout } = validate(['good.json'], { PROBES: 'no JSON', INIT_CWD: folder });

    expect(status).toBe(0);
    expect(stdout).toContain('from-file');
  });

  it.each([[['a.json', 'b.json']], [['--jsn']]])('explains itself on wrong usage, and exits 2: %j', (args) => {
    const { status, stdout, stderr } = validate(args);

    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain('npm run validate -- [FILE] [--json]');
  });

  it('names a file that is not there', () => {
    const { status, stdout } = validate(['nowhere.json']);

    expect(status).toBe(2);
    expect(stdout).toBe('PROBES_FILE: expected the path of a file that can be read (ENOENT)\n');
  });
});
