import { access, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { build } from '../../scripts/build.ts';
import { bundle } from '../../scripts/bundle.ts';
import { projectDirectory } from '../../scripts/projectFiles.ts';
import { unusedModules } from '../../scripts/withoutUnusedParts.ts';

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

  it('loads one file at the start, without what most invocations do not need', async () => {
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
    expect([...loaded].filter((file) => !file.includes('rolldown-runtime'))).toEqual([inProject('dist/main.mjs')]);
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
  it.each([
    [
      'file',
      "import './missing.ts';\nimport './other.ts';\n",
      [
        "main.ts:1:8: Could not resolve './missing.ts' in main.ts",
        "main.ts:2:8: Could not resolve './other.ts' in main.ts",
      ],
    ],
    ['package', "\nimport 'no-such-package';\n", ["main.ts:2:8: Could not resolve 'no-such-package' in main.ts"]],
    ['part of a statement', 'const x = ;\n', ['main.ts:1:11: Unexpected token']],
  ])('names every missing %s with its place', async (_, code, errors) => {
    const directory = await mkdtemp(join(tmpdir(), 'bundle-'));
    onTestFinished(() => rm(directory, { recursive: true, force: true }));
    await writeFile(join(directory, 'main.ts'), code);
    await expect(bundle({ projectDirectory: directory, entry: 'main.ts', outFile: 'dist/main.mjs' })).rejects.toThrow(
      ['main.ts could not be bundled:', ...errors.map((error) => `  ${error}`)].join('\n'),
    );
  });

  it('leaves out parts of libraries that the installed versions have', async () => {
    for (const path of Object.keys(unusedModules)) await access(inProject(`node_modules/${path}`));
  });
});
