import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';

const root = join(import.meta.dirname, '../..');

async function readYaml(file: string): Promise<unknown> {
  return parse(await readFile(join(root, file), 'utf8'));
}

const hook = z.strictObject({
  posix: z.strictObject({ shell: z.literal('sh'), run: z.string(), continueOnError: z.literal(true).optional() }),
  windows: z.strictObject({ shell: z.literal('pwsh'), run: z.string(), continueOnError: z.literal(true).optional() }),
});

describe('azure.yaml', async () => {
  const azd = z
    .object({
      infra: z.object({ provider: z.literal('bicep'), path: z.string(), module: z.string() }),
      services: z.record(z.string(), z.looseObject({ host: z.string(), remoteBuild: z.boolean() })),
      hooks: z.record(z.string(), hook),
    })
    .parse(await readYaml('azure.yaml'));

  it('names the existing template', async () => {
    await expect(access(join(root, azd.infra.path, `${azd.infra.module}.bicep`))).resolves.toBeUndefined();
    await expect(access(join(root, azd.infra.path, `${azd.infra.module}.bicepparam`))).resolves.toBeUndefined();
  });

  it('has the one service that the template tags, and builds nothing in Azure', async () => {
    const template = await readFile(join(root, 'infra/main.bicep'), 'utf8');
    const [, tagged] = /azdServiceName: index == 0 \? '(\w+)'/.exec(template) ?? [];
    expect(Object.keys(azd.services)).toEqual([tagged]);
    expect(azd.services[tagged ?? '']).toMatchObject({ host: 'function', remoteBuild: false });
  });

  it('deploys the package of npm run package, like the workflow and the scripts', async () => {
    const [, path = ''] =
      /packagePath = '([^']+)'/.exec(await readFile(join(root, 'scripts/package.ts'), 'utf8')) ?? [];
    expect(path).toMatch(/\.zip$/);
    const users = ['.github/workflows/deploy.yml', 'infra/scripts/deployPackage.sh'];
    for (const user of users) expect(await readFile(join(root, user), 'utf8'), user).toContain(path);
    const [, unpacked] =
      /unpackedPath = '([^']+)'/.exec(await readFile(join(root, 'scripts/package.ts'), 'utf8')) ?? [];
    expect(Object.values(azd.services)).toEqual([expect.objectContaining({ project: unpacked })]);
  });

  it('runs scripts that are there', async () => {
    const commands = Object.values(azd.hooks).flatMap(({ posix, windows }) => [posix.run, windows.run]);
    const scripts = new Set(commands.flatMap((command) => command.match(/infra\/scripts\/\w+\.sh/g) ?? []));
    expect([...scripts].toSorted()).toEqual([
      'infra/scripts/chooseHub.sh',
      'infra/scripts/deployPackage.sh',
      'infra/scripts/sandbox.sh',
    ]);
    for (const script of scripts) await expect(access(join(root, script))).resolves.toBeUndefined();
  });
});

describe('the hooks of azd', async () => {
  const { hooks } = z.object({ hooks: z.record(z.string(), hook) }).parse(await readYaml('azure.yaml'));

  it('stop a deployment whose package could not be built, on Windows too', () => {
    for (const name of ['prepackage', 'predeploy']) {
      expect(hooks[name]?.posix.run).toMatch(/npm run package -- --unpacked$/);
      expect(hooks[name]?.windows.run).toMatch(/npm run package -- --unpacked; exit \$LASTEXITCODE$/);
      expect(hooks[name]?.posix.continueOnError ?? hooks[name]?.windows.continueOnError).toBeUndefined();
    }
  });

  it('deploy the app even if the sandbox fails', () => {
    for (const name of ['preprovision', 'postprovision']) {
      expect(hooks[name]).toMatchObject({ posix: { continueOnError: true }, windows: { continueOnError: true } });
    }
  });
});

describe('the deployment workflow', async () => {
  const job = z.object({
    permissions: z.record(z.string(), z.string()).optional(),
    needs: z.string().optional(),
    'timeout-minutes': z.int(),
    steps: z.array(z.object({ uses: z.string().optional(), run: z.string().optional() })),
  });
  const workflow = z
    .object({ permissions: z.record(z.string(), z.string()), jobs: z.record(z.string(), job) })
    .parse(await readYaml('.github/workflows/deploy.yml'));
  const jobs = Object.values(workflow.jobs);

  it('pins every action to a commit', () => {
    const actions = jobs.flatMap(({ steps }) => steps.flatMap(({ uses }) => uses ?? []));
    expect(actions.length).toBeGreaterThan(5);
    for (const action of actions) expect(action).toMatch(/^[\w-]+\/[\w-]+@[0-9a-f]{40}$/);
  });

  it('only reads by default, and requests a token only to sign in', () => {
    expect(workflow.permissions).toEqual({ contents: 'read' });
    for (const { permissions, steps } of jobs) {
      const signsIn = steps.some(({ uses }) => uses?.startsWith('azure/login@'));
      expect(permissions?.['id-token']).toBe(signsIn ? 'write' : undefined);
    }
  });

  it('stores no secret and deploys nothing unchecked', async () => {
    expect(await readFile(join(root, '.github/workflows/deploy.yml'), 'utf8')).not.toContain('secrets.');
    expect(workflow.jobs.deploy?.needs).toBe('check');
    expect(workflow.jobs.check?.steps.flatMap(({ run }) => run ?? [])).toEqual(['bash .ci/run']);
  });

  it('predicts a pull request with an identity that may write nothing', async () => {
    const text = await readFile(join(root, '.github/workflows/deploy.yml'), 'utf8');
    const [prediction = '', deployment = ''] = text.slice(text.indexOf('  what-if:')).split(/^ {2}deploy:$/m);
    expect(prediction).toContain('vars.AZURE_PLAN_CLIENT_ID }}');
    expect(prediction).toContain('--validation-level ProviderNoRbac');
    expect(deployment).toContain('vars.AZURE_CLIENT_ID }}');
    for (const job of [prediction, deployment]) expect(job).toContain('SANDBOX: ${{ vars.SANDBOX');
  });
});
