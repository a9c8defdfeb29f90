import { execFile } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';

const run = promisify(execFile);
const root = join(import.meta.dirname, '../..');
const key = 'bm90LWEtcmVhbC1rZXk=';

/** A replacement of az: it records its arguments and its input, and prints what the script expects. */
const standIn = `#!/bin/sh
printf '%s\\n' "$*" >> "$CALLS"
case "$*" in
  *'enrollment create'*sandbox-key*)
    if [ "$(grep -c 'enrollment create.*sandbox-key' "$CALLS")" -le "\${REFUSALS:-0}" ]; then
      echo 'ERROR: Forbidden by role' >&2
      exit 1
    fi ;;
esac
case "$*" in
  *'--show-keys'*) echo '${key}' ;;
  *' show '*) [ "$ENROLLED" = yes ] ;;
  *'keyvault secret set'*) printf 'stored: '; cat; echo ;;
esac >> "$OUTPUT"
case "$*" in
  *'--show-keys'*) echo '${key}' ;;
  *' show '*) [ "$ENROLLED" = yes ] ;;
  *'iot hub list'*) echo "$FREE_HUB" ;;
esac
`;

const folders: string[] = [];
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
});

async function runScript(enrolled: 'yes' | 'no', [script = '', ...args]: readonly string[], environment = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'sandbox-'));
  folders.push(folder);
  await writeFile(join(folder, 'az'), standIn);
  await chmod(join(folder, 'az'), 0o755);
  await writeFile(join(folder, 'azd'), '#!/bin/sh\nprintf \'%s\\n\' "$*" >> "$CALLS"\n');
  await chmod(join(folder, 'azd'), 0o755);
  await writeFile(join(folder, 'calls'), '');
  const { stdout, stderr } = await run('sh', [join(root, 'infra/scripts', script), ...args], {
    cwd: root,
    env: {
      PATH: `${folder}${delimiter}${process.env.PATH}`,
      CALLS: join(folder, 'calls'),
      OUTPUT: join(folder, 'output'),
      ENROLLED: enrolled,
      AZURE_RESOURCE_GROUP: 'rg',
      SANDBOX_DPS_NAME: 'provs',
      KEY_VAULT_NAME: 'kv',
      ...environment,
    },
  });
  return {
    stdout,
    stderr,
    calls: (await readFile(join(folder, 'calls'), 'utf8')).trim().split('\n'),
    output: await readFile(join(folder, 'output'), 'utf8').catch(() => ''),
  };
}

describe('infra/scripts/sandbox.sh', () => {
  it('creates what the probes of the sandbox name', async () => {
    const probes = await readFile(join(root, 'infra/sandboxProbes.bicep'), 'utf8');
    const { calls } = await runScript('no', ['sandbox.sh']);

    const secrets = [...probes.matchAll(/ secret: '([\w-]+)'/g)].map(([, name]) => name);
    const stored = calls.flatMap((call) => /keyvault secret set .*--name ([\w-]+)/.exec(call)?.[1] ?? []);
    expect(stored.toSorted()).toEqual(secrets.toSorted());

    const certificates = [...probes.matchAll(/ certificate: '([\w-]+)'/g)].map(([, name]) => name);
    const created = calls.flatMap((call) => /keyvault certificate create .*--name ([\w-]+)/.exec(call)?.[1] ?? []);
    expect(created).toEqual(certificates);

    const enrolled = calls.flatMap(
      (call) => /iot dps enrollment create .*--enrollment-id ([\w-]+)/.exec(call)?.[1] ?? [],
    );
    expect(enrolled.toSorted()).toEqual(['sandbox-certificate', 'sandbox-key', 'sandbox-wrong-key']);
  });

  it('passes keys through pipes into the vault, never in an argument or to the terminal', async () => {
    const { calls, stdout, output } = await runScript('no', ['sandbox.sh']);
    expect(output).toContain(`stored: ${key}\n`);
    expect(calls.join('\n')).not.toContain(key);
    expect(stdout).not.toContain(key);
  });

  it('waits for roles that are not propagated yet, and shows which call waits and why', async () => {
    const { calls, stderr } = await runScript('no', ['sandbox.sh'], { REFUSALS: '2', SANDBOX_PAUSE_SECONDS: '0' });
    const creations = calls.filter((call) => call.includes('enrollment create') && call.includes('sandbox-key'));
    expect(creations).toHaveLength(3);
    expect(stderr).toContain('sandbox-key: not possible yet, attempt 2 of 20: ERROR: Forbidden by role');
  });

  it('gives up after its attempts, shows the last error, and how to run it again', async () => {
    const settings = { REFUSALS: '99', SANDBOX_PAUSE_SECONDS: '0', SANDBOX_ATTEMPTS: '3' };
    await expect(runScript('no', ['sandbox.sh'], settings)).rejects.toThrow(
      /ERROR: Forbidden by role[\s\S]*azd hooks run postprovision/,
    );
  });

  it('stays on the subscription of the deployment, and installs the extension without a question', async () => {
    const { calls } = await runScript('no', ['sandbox.sh'], { AZURE_SUBSCRIPTION_ID: 'sub-1' });
    expect(calls[0]).toBe('extension add --name azure-iot --upgrade --yes --only-show-errors');
    const others = calls.filter((line) => /^(iot|keyvault) /.test(line));
    expect(others.length).toBeGreaterThan(10);
    expect(calls.join('\n').match(/--subscription sub-1$/gm)).toHaveLength(others.length);
  });

  it('leaves existing enrollments and an existing certificate alone', async () => {
    const { calls, stdout } = await runScript('yes', ['sandbox.sh']);
    expect(calls.filter((call) => call.includes(' create '))).toEqual([]);
    expect(stdout).toContain('sandbox-key: already enrolled');
  });

  it('names the missing setting', async () => {
    await expect(runScript('no', ['sandbox.sh'], { SANDBOX_DPS_NAME: '' })).rejects.toThrow(
      /SANDBOX_DPS_NAME: deploy with sandbox = true/,
    );
  });
});

describe('infra/scripts/deployPackage.sh', () => {
  const apps = { FUNCTION_APP_NAMES: '["func-a","func-b"]', PACKAGE: 'package.json' };

  it('deploys the package to the app of each location', async () => {
    const { calls } = await runScript('no', ['deployPackage.sh'], apps);
    expect(calls).toEqual([
      expect.stringContaining('--name func-a --src package.json'),
      expect.stringContaining('--name func-b --src package.json'),
    ]);
  });

  it('leaves out the first when azd has deployed it', async () => {
    const { calls } = await runScript('no', ['deployPackage.sh', '--skip-first'], apps);
    expect(calls).toEqual([expect.stringContaining('--name func-b --src package.json')]);
  });

  it('reports that the package is missing', async () => {
    await expect(runScript('no', ['deployPackage.sh'], { ...apps, PACKAGE: 'dist/nothing.zip' })).rejects.toThrow(
      /dist\/nothing.zip does not exist: run npm run package first/,
    );
  });
});

describe('infra/scripts/chooseHub.sh', () => {
  it.each([
    ['the free hub if the subscription does not have one', '', 'F1'],
    ['a paid hub if the subscription already has a free one', 'iot-of-another-team', 'S1'],
  ])('chooses %s', async (_title, free, sku) => {
    const { calls } = await runScript('no', ['chooseHub.sh'], { SANDBOX: 'true', FREE_HUB: free });
    expect(calls).toContainEqual(`env set SANDBOX_HUB_SKU ${sku}`);
  });

  it.each([
    ['without a sandbox', { SANDBOX: 'false' }],
    ['once it is chosen', { SANDBOX: 'true', SANDBOX_HUB_SKU: 'S1' }],
  ])('chooses nothing %s', async (_title, environment) => {
    expect((await runScript('no', ['chooseHub.sh'], environment)).calls).toEqual(['']);
  });
});
