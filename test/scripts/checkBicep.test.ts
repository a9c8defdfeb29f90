import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { checkBicep } from '../../scripts/checkBicep.ts';
import { needsBicep } from '../support/bicep.ts';

const root = join(import.meta.dirname, '../..');
const folders: string[] = [];
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
});

/** A project of one template and one parameter file, with the rules of this one, and its compiler. */
async function project(template: string, parameters: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'bicep-project-'));
  folders.push(folder);
  await mkdir(join(folder, 'infra'));
  await mkdir(join(folder, 'test/infra'), { recursive: true });
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
  await cp(join(root, 'infra/bicepconfig.json'), join(folder, 'infra/bicepconfig.json'));
  await writeFile(join(folder, 'infra/main.bicep'), template);
  await writeFile(join(folder, 'test/infra/main.bicepparam'), parameters);
  return folder;
}

const goodTemplate = `@description('A number.')
param size int

@description('The same number.')
output size int = size
`;
const goodParameters = `using '../../infra/main.bicep'

param size = 1
`;

describe('checkBicep', needsBicep, () => {
  it('passes what builds, lints clean and is formatted', async () => {
    expect(await checkBicep(await project(goodTemplate, goodParameters))).toEqual({ kind: 'passed', files: 2 });
  }, 120_000);

  it.each([
    {
      error: 'a rule of the linter that is broken',
      template: `${goodTemplate}\nvar unused = 1\n`,
      message: /^infra\/main\.bicep:7 no-unused-vars: /,
    },
    {
      error: 'a warning that has no level, and leaves the exit code of the compiler 0',
      template: `${goodTemplate}
resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' existing = {
  name: 'id'
}

@description('A property that there is not.')
output nothing string = identity.properties.nothing
`,
      message: /^infra\/main\.bicep:\d+ BCP053: /,
    },
    { error: 'a syntax error', template: 'param', message: /^infra\/main\.bicep:1 BCP\d+: / },
    {
      error: 'a wrong format',
      template: goodTemplate.replace('param size int', 'param  size   int'),
      message: /^infra\/main\.bicep is not formatted/,
    },
    {
      error: 'a parameter of the wrong type',
      parameters: goodParameters.replace('1', "'one'"),
      message: /main\.bicepparam\(3,14\) : Error BCP033/,
    },
  ])(
    'reports $error',
    async ({ template = goodTemplate, parameters = goodParameters, message }) => {
      const check = await checkBicep(await project(template, parameters));
      expect(check).toEqual({ kind: 'failed', errors: expect.arrayContaining([expect.stringMatching(message)]) });
    },
    120_000,
  );

  it('leaves the files as they are', async () => {
    const unformatted = goodTemplate.replace('param size int', 'param  size   int');
    const folder = await project(unformatted, goodParameters);
    await checkBicep(folder);
    expect(await readFile(join(folder, 'infra/main.bicep'), 'utf8')).toBe(unformatted);
  }, 120_000);

  it('finds no error in the infrastructure of this project', async () => {
    expect(await checkBicep(root)).toMatchObject({ kind: 'passed' });
  }, 240_000);
});
