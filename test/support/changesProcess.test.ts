import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { testFilesByNeed } from './changesProcess.ts';

const setsVariable = "process.env.TZ = 'UTC';";

const files = {
  'sets.test.ts': setsVariable,
  'imports.test.ts': "import {\n  use,\n} from './support/uses.ts';",
  'support/uses.ts': "export { set as use } from './sets.ts';",
  'support/sets.ts': `export function set() { ${setsVariable} }`,
  'importsOnlyTypes.test.ts': "import type { set } from './support/sets.ts';",
  'importsWhatAllTrust.test.ts': "import { authority } from './support/trustedAuthority.ts';",
  'support/trustedAuthority.ts': 'setDefaultCACertificates([]);',
  'reads.test.ts': "if (process.env.TZ === 'UTC') throw new Error();",
};

it('runs a test file alone if it or a module that it imports changes the process', async () => {
  const root = await mkdtemp(join(tmpdir(), 'changes-process-'));
  onTestFinished(() => rm(root, { recursive: true }));
  await mkdir(join(root, 'test/support'), { recursive: true });
  for (const [name, text] of Object.entries(files)) await writeFile(join(root, 'test', name), text);
  const { alone, together } = testFilesByNeed(root);
  expect(alone.toSorted()).toEqual(['test/imports.test.ts', 'test/sets.test.ts']);
  expect(together.toSorted()).toEqual([
    'test/importsOnlyTypes.test.ts',
    'test/importsWhatAllTrust.test.ts',
    'test/reads.test.ts',
  ]);
});
