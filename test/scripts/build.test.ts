import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { build } from '../../scripts/build.ts';
import { bundle } from '../../scripts/bundle.ts';
import { projectDirectory } from '../../scripts/projectFiles.ts';

const inProject = (path: string) => join(projectDirectory, path);

describe('build', () => {
  it('writes the entry, its chunks, their source maps and the JSON Schema of the probes', async () => {
    const paths = (await build()).map(({ path }) => path);
    expect(paths).toEqual(expect.arrayContaining(['dist/main.mjs', 'dist/main.mjs.map', 'dist/probes.schema.json']));
    const chunks = paths.filter((path) => /^dist\/chunks\/[\w.-]+\.mjs$/.test(path));
    expect(chunks.length).toBeGreaterThan(10);
    expect((await readdir(inProject('dist/chunks'))).filter((file) => file.endsWith('.mjs')).sort()).toEqual(
      chunks.map((path) => path.slice('dist/chunks/'.length)).sort(),
    );
    const schema = JSON.parse(await readFile(inProject('dist/probes.schema.json'), 'utf8'));
    expect(schema.$schema).toBe('https://json-schema.org/draft/2020-12/schema');
  });

  it('does not load at start what most invocations do not need', async () => {
    await build();
    const loaded = new Set<string>();
    const follow = async (file: string): Promise<void> => {
      if (loaded.has(file)) return;
      loaded.add(file);
      const code = await readFile(file, 'utf8');
      const imports = code.matchAll(/(?:^|[;}\s])import(?:[^"'();]*from)?\s*"(\.[^"]+)"/g);
      for (const [, target = ''] of imports) await follow(join(dirname(file), target));
    };
    await follow(inProject('dist/main.mjs'));
    const code = (await Promise.all([...loaded].map((file) => readFile(file, 'utf8')))).join('\n');
    expect(loaded.size).toBeGreaterThan(3);
    expect(code).toContain('@azure/functions-core');
    // Marks of mqtt, the status page, badges, PKCS#12, storage's SDK and the identity's.
    const marks = ['mqisdp', '<!doctype html>', 'verdana', 'pkcs-12', 'x-ms-continuation', 'login.microsoftonline.com'];
    const found = code.toLowerCase();
    expect(marks.filter((mark) => found.includes(mark))).toEqual([]);
  });

  it('does not contain the folder it was built in, so that two machines build the same', async () => {
    for (const { path } of await build()) {
      expect.soft(await readFile(inProject(path), 'utf8'), path).not.toContain(projectDirectory);
    }
  });

  it('does nothing when no source has changed, and builds again when an output file is missing', async () => {
    await build();
    const modified = async () => (await stat(inProject('dist/main.mjs'))).mtimeMs;
    const before = await modified();
    const startedAt = process.cpuUsage();
    await build();
    const { user, system } = process.cpuUsage(startedAt);
    expect(await modified()).toBe(before);
    expect((user + system) / 1000).toBeLessThan(1000); // bundling alone takes longer
  });
});

describe('bundle', () => {
  it('names every error with its place', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'bundle-'));
    onTestFinished(() => rm(directory, { recursive: true, force: true }));
    await writeFile(join(directory, 'main.ts'), "import './missing.ts';\nimport 'no-such-package';\n");
    await expect(bundle({ projectDirectory: directory, entry: 'main.ts', outFile: 'dist/main.mjs' })).rejects.toThrow(
      [
        'main.ts could not be bundled:',
        '  main.ts:1:8: Could not resolve "./missing.ts"',
        '  main.ts:2:8: Could not resolve "no-such-package"',
      ].join('\n'),
    );
  });
});
