import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { build } from '../../scripts/build.ts';
import { bundle } from '../../scripts/bundle.ts';
import { projectDirectory } from '../../scripts/projectFiles.ts';

describe('build', () => {
  it('writes the bundle, its source map and the JSON Schema of the probes', async () => {
    const files = await build();
    expect(files.map(({ path }) => path)).toEqual(['dist/main.cjs', 'dist/main.cjs.map', 'dist/probes.schema.json']);
    const code = await readFile(join(projectDirectory, 'dist/main.cjs'), 'utf8');
    expect(code).toContain('require("@azure/functions-core")');
    expect(code).toContain('//# sourceMappingURL=main.cjs.map');
    const schema = JSON.parse(await readFile(join(projectDirectory, 'dist/probes.schema.json'), 'utf8'));
    expect(schema.$schema).toBe('https://json-schema.org/draft/2020-12/schema');
  });

  it('says nothing of the folder it was built in, so that two machines build the same', async () => {
    await build();
    for (const file of ['dist/main.cjs', 'dist/main.cjs.map']) {
      expect(await readFile(join(projectDirectory, file), 'utf8')).not.toContain(projectDirectory);
    }
  });

  it('leaves files alone that would not change, since a host may be loading them', async () => {
    const modified = async () => (await stat(join(projectDirectory, 'dist/main.cjs'))).mtimeMs;
    await build();
    const before = await modified();
    await build();
    expect(await modified()).toBe(before);
  });
});

describe('bundle', () => {
  it('names every fault with its place', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'bundle-'));
    onTestFinished(() => rm(directory, { recursive: true, force: true }));
    await writeFile(join(directory, 'main.ts'), "import './missing.ts';\nimport 'no-such-package';\n");
    await expect(bundle({ projectDirectory: directory, entry: 'main.ts', outFile: 'main.cjs' })).rejects.toThrow(
      [
        'main.ts could not be bundled:',
        '  main.ts:1:8: Could not resolve "./missing.ts"',
        '  main.ts:2:8: Could not resolve "no-such-package"',
      ].join('\n'),
    );
  });
});
