import { execFile, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { glob, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { parse as parseYaml } from 'yaml';
import { z } from 'zod';
import { parseProbes } from '../../src/config/probes.ts';
import { readJson } from '../../src/config/readJson.ts';
import { parseDpsConfiguration } from '../../src/emulator/dps/dpsConfiguration.ts';
import { needsBicep, refusalOf } from '../support/bicep.ts';
import { requires } from '../support/requires.ts';

const run = promisify(execFile);
const root = join(import.meta.dirname, '../..');

interface Example {
  /** The file and its first line: `docs/deploy.md:42`. */
  readonly place: string;
  readonly language: string;
  readonly text: string;
}

const examples: readonly Example[] = await examplesOf(['README.md', 'CONTRIBUTING.md', 'docs/*.md']);

async function examplesOf(pages: readonly string[]): Promise<readonly Example[]> {
  const found: Example[] = [];
  for await (const page of glob([...pages], { cwd: root })) {
    const text = await readFile(join(root, page), 'utf8');
    for (const { 1: language = '', 2: example = '', index } of text.matchAll(/^```(\w*)\n(.*?)^```$/gms)) {
      const line = text.slice(0, index).split('\n').length + 1;
      found.push({ place: `${page}:${line}`, language, text: example });
    }
  }
  return found;
}

function written(...languages: readonly string[]): readonly Example[] {
  return examples.filter(({ language }) => languages.includes(language));
}

describe('the examples in README and docs', () => {
  it('are there, and each is of a language that this test knows', () => {
    expect(written('json', 'jsonc').length).toBeGreaterThan(2);
    expect(written('sh').length).toBeGreaterThan(15);
    const known = ['', 'sh', 'json', 'jsonc', 'bicep', 'yaml', 'promql', 'js', 'ts', 'md'];
    expect(examples.filter(({ language }) => !known.includes(language))).toEqual([]);
  });

  it.each(written('json', 'jsonc'))('$place is JSON that can be pasted', ({ text, language }) => {
    const read = readJson(text);
    expect(read).toMatchObject({ kind: 'read', errors: [] });
    if (language === 'json') expect(() => JSON.parse(text)).not.toThrow();
    const value = read.kind === 'read' ? read.value : undefined;
    if (Array.isArray(value) && value.some((item) => isObject(item) && 'attestation' in item)) {
      expect(parseProbes(text, { root: 'example' })).toMatchObject({ kind: 'valid' });
    }
    if (isObject(value) && ('individualEnrollments' in value || 'enrollmentGroups' in value)) {
      expect(parseDpsConfiguration(value)).toMatchObject({ ok: true });
    }
    // One probe alone is not a configuration: PROBES is an array.
    expect(isObject(value) && 'attestation' in value && 'idScope' in value).toBe(false);
  });

  it.each(written('sh'))('$place is a script that a shell can read', ({ text }) => {
    // What is to be filled in: OWNER, or an ellipsis.
    const { status, stderr } = spawnSync('sh', ['-n'], { input: text.replaceAll('…', 'x') });
    expect(stderr.toString()).toBe('');
    expect(status).toBe(0);
  });

  it('name commands of package.json, with options that their --help knows', async () => {
    const { scripts } = z
      .object({ scripts: z.record(z.string(), z.string()) })
      .parse(JSON.parse(await readFile(join(root, 'package.json'), 'utf8')));
    const calls = written('sh', '').flatMap(({ place, text }) =>
      [
        ...text
          .replaceAll('\\\n', ' ')
          .matchAll(/\bnpm (?:--silent )?(?:run (\S+)|(start|test))(?: -- ([^|;&#\n]*))?/g),
      ].map(([, ran, short, args = '']) => ({ place, command: ran ?? short ?? '', args })),
    );
    expect(calls.length).toBeGreaterThan(10);
    const helps = new Map<string, string>();
    for (const { place, command, args } of calls) {
      const script = scripts[command];
      expect(script, `${place}: npm run ${command}`).toBeDefined();
      if (!script?.startsWith('node ')) continue;
      const help =
        helps.get(command) ?? spawnSync(process.execPath, [join(root, script.slice(5)), '--help']).stdout.toString();
      helps.set(command, help);
      for (const [option] of args.matchAll(/--[a-z][a-z-]*/g)) expect(help, `${place}: ${option}`).toContain(option);
    }
  }, 60_000);

  it.each(written('js'))('$place is JavaScript', ({ text }) => {
    const { stderr } = spawnSync(process.execPath, ['--input-type=commonjs', '--check'], { input: text });
    expect(stderr.toString()).toBe('');
  });

  it.each(written('yaml'))('$place is a Prometheus configuration', requires('promtool'), async ({ text }) => {
    expect(parseYaml(text)).toBeTruthy();
    const folder = await mkdtemp(join(tmpdir(), 'example-'));
    try {
      const file = join(folder, 'prometheus.yml');
      await writeFile(file, text.includes('scrape_configs') ? text : `scrape_configs:\n${text}`);
      const { stdout } = await run('promtool', ['check', 'config', '--syntax-only', file]);
      expect(stdout).toContain('is valid');
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it.each(written('promql'))('$place is PromQL', requires('promtool'), async ({ text }) => {
    const folder = await mkdtemp(join(tmpdir(), 'example-'));
    try {
      const expressions = text.split('\n').filter((line) => line.trim() && !line.startsWith('#'));
      const rules = expressions.map((expr, index) => ({ record: `example:${index}`, expr }));
      const file = join(folder, 'rules.yml');
      await writeFile(file, JSON.stringify({ groups: [{ name: 'examples', rules }] }));
      const { stdout } = await run('promtool', ['check', 'rules', file]);
      expect(stdout).toContain(`${rules.length} rules found`);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it.each(written('bicep'))(
    '$place is what infra/main.bicepparam can hold',
    { ...needsBicep, timeout: 60_000 },
    async ({ text }) => expect(await refusalOf(text)).toBe(''),
  );

  it('ask a reader to write only files that git and the linter ignore', async () => {
    const files = written('sh', '').flatMap(({ text }) =>
      [
        ...text.matchAll(
          /(?:>|--config|--key-file|--certificate|--certificate-path|--file) ([\w-]+\.(?:json|pem|pfx|key))\b/g,
        ),
      ].map(([, file = '']) => file),
    );
    expect(new Set(files).size).toBeGreaterThan(2);
    for (const file of new Set(files)) {
      const { status } = spawnSync('git', ['check-ignore', '--no-index', '--quiet', file], { cwd: root });
      expect(status, `${file} is not in .gitignore`).toBe(0);
    }
  });
});

describe('the links in README and docs', () => {
  it('lead to files and headings that exist', async () => {
    const broken: string[] = [];
    for await (const page of glob(['README.md', 'CONTRIBUTING.md', 'docs/*.md'], { cwd: root })) {
      const text = await readFile(join(root, page), 'utf8');
      for (const [, target = ''] of text.matchAll(/\]\((?!https?:|mailto:)([^)\s]+)\)/g)) {
        const [path = '', heading] = target.split('#');
        const file = path === '' ? page : join(page, '..', path);
        const content = await readFile(join(root, file), 'utf8').catch(() => undefined);
        if (content === undefined) broken.push(`${page}: ${target}`);
        else if (heading !== undefined && file.endsWith('.md') && !headingsOf(content).includes(heading)) {
          broken.push(`${page}: ${target}`);
        }
      }
    }
    expect(broken).toEqual([]);
  });

  it('name files of the repository that exist', async () => {
    const missing: string[] = [];
    for await (const page of glob(['README.md', 'CONTRIBUTING.md', 'docs/*.md'], { cwd: root })) {
      const text = await readFile(join(root, page), 'utf8');
      for (const [path] of text.matchAll(
        /(?<![\w./-])(?:src|test|scripts|infra|monitoring|docs|\.ci|\.github)\/[\w./-]*\w/g,
      )) {
        if (existsSync(join(root, path))) continue;
        const ignored = spawnSync('git', ['check-ignore', '--no-index', '--quiet', path], { cwd: root }).status === 0;
        if (!ignored) missing.push(`${page}: ${path}`);
      }
    }
    expect(missing).toEqual([]);
  });
});

/** As GitHub makes them. */
function headingsOf(text: string): readonly string[] {
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replaceAll(' ', '-'),
  );
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
