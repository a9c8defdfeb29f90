import { execFile } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const run = promisify(execFile);
const moduleUrl = new URL('../../scripts/bicepCli.ts', import.meta.url).href;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bicep-cli-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** In its own process, whose PATH is only `folder` and whose project has an empty cache. */
async function findBicepCli(): Promise<unknown> {
  const source = `import { findBicepCli } from '${moduleUrl}'; console.log(JSON.stringify(await findBicepCli('${folder}')));`;
  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', source], { env: { PATH: folder } });
  return JSON.parse(stdout);
}

async function install(program: string, script: string): Promise<void> {
  await writeFile(join(folder, program), `#!/bin/sh\n${script}\n`);
  await chmod(join(folder, program), 0o755);
}

describe('findBicepCli', () => {
  it('uses bicep from PATH', async () => {
    await install('bicep', 'echo Bicep CLI version 0.49.2');
    expect(await findBicepCli()).toEqual({ kind: 'found', path: 'bicep' });
  });

  it('names what to install if there is neither bicep nor dotnet', async () => {
    expect(await findBicepCli()).toEqual({
      kind: 'absent',
      reason: expect.stringMatching(
        /^bicep is not on PATH, and (there is no dotnet to download it|NuGet has no package for)/,
      ),
    });
  });

  it.runIf(process.platform === 'linux' && process.arch === 'x64')(
    'reports why dotnet could not download it',
    async () => {
      await install('dotnet', '[ "$1" = --version ] || { echo "error NU1301: no network"; exit 1; }');
      expect(await findBicepCli()).toEqual({
        kind: 'absent',
        reason: expect.stringMatching(
          /could not download Azure\.Bicep\.CommandLine\.linux-x64: error NU1301: no network$/,
        ),
      });
    },
  );
});
