import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { checkBicep } from '../../scripts/checkBicep.ts';
import { bicep, needsBicep } from '../support/bicep.ts';

const root = join(import.meta.dirname, '../..');
const folders: string[] = [];
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
});

/** A project of a template, a parameter file and more templates by their names, with the rules of this one, and its compiler. */
async function project(
  template: string,
  parameters: string,
  others: Readonly<Record<string, string>> = {},
): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'bicep-project-'));
  folders.push(folder);
  await mkdir(join(folder, 'infra'));
  await mkdir(join(folder, 'test/infra'), { recursive: true });
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
  await cp(join(root, 'infra/bicepconfig.json'), join(folder, 'infra/bicepconfig.json'));
  await writeFile(join(folder, 'infra/main.bicep'), template);
  for (const [name, text] of Object.entries(others)) await writeFile(join(folder, `infra/${name}.bicep`), text);
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
    expect(await checkBicep(await project(goodTemplate, goodParameters), bicep())).toEqual({
      kind: 'passed',
      files: 2,
    });
  }, 120_000);

  it('names each error with its file, and leaves the files as they are', async () => {
    const unformatted = goodTemplate.replace('param size int', 'param  size   int');
    const folder = await project(goodTemplate, goodParameters, {
      brokenRule: `${goodTemplate}\nvar unused = 1\n`,
      // A warning that has no level, and leaves the exit code of the compiler 0.
      warning: `${goodTemplate}
resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' existing = {
  name: 'id'
}

@description('A property that does not exist.')
output nothing string = identity.properties.nothing
`,
      syntax: 'param',
      unformatted,
    });
    const check = await checkBicep(folder, bicep());
    expect(check).toEqual({
      kind: 'failed',
      errors: expect.arrayContaining([
        expect.stringMatching(/^infra\/brokenRule\.bicep:7 no-unused-vars: /),
        expect.stringMatching(/^infra\/warning\.bicep:\d+ BCP053: /),
        expect.stringMatching(/^infra\/syntax\.bicep:1 BCP\d+: /),
        expect.stringMatching(/^infra\/unformatted\.bicep is not formatted/),
      ]),
    });
    expect(JSON.stringify(check)).not.toMatch(/main\.bicep/);
    expect(await readFile(join(folder, 'infra/unformatted.bicep'), 'utf8')).toBe(unformatted);
  }, 120_000);

  it('names a parameter of the wrong type', async () => {
    const folder = await project(goodTemplate, goodParameters.replace('1', "'one'"));
    expect(await checkBicep(folder, bicep())).toEqual({
      kind: 'failed',
      errors: expect.arrayContaining([expect.stringMatching(/^test\/infra\/main\.bicepparam:3 BCP033: /)]),
    });
  }, 120_000);

  it('finds no error in the infrastructure of this project', async () => {
    expect(await checkBicep(root, bicep())).toMatchObject({ kind: 'passed' });
  }, 240_000);
});
