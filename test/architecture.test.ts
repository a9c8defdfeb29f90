import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseSync } from 'oxc-parser';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const sourceFolder = join(root, 'src');

/** Which folders of `src` a folder may import from, besides itself. What is not listed may not. */
const mayImport: { readonly [folder: string]: readonly string[] } = {
  '.': ['functions'],
  functions: [
    'app',
    'config',
    'probes',
    'simulations',
    'history',
    'outcomes',
    'telemetry',
    'status',
    'storage',
    'http',
  ],
  app: [
    'config',
    'probes',
    'identity',
    'keyvault',
    'history',
    'outcomes',
    'simulations',
    'telemetry',
    'status',
    'storage',
    'http',
  ],
  http: ['config', 'transport'],
  probes: ['config', 'storage', 'attestation', 'keyvault', 'transport', 'dps', 'hub', 'outcomes'],
  simulations: ['config', 'probes', 'outcomes', 'history', 'storage', 'transport'],
  attestation: ['transport'],
  keyvault: ['identity'],
  identity: [],
  transport: [],
  dps: ['transport'],
  hub: ['transport'],
  outcomes: ['config', 'transport', 'dps', 'hub', 'keyvault', 'attestation'],
  history: ['config', 'outcomes', 'storage', 'transport', 'identity'],
  telemetry: ['config', 'keyvault', 'storage', 'outcomes', 'transport', 'identity', 'history'],
  storage: ['config', 'identity', 'transport'],
  status: ['config', 'history', 'outcomes', 'simulations', 'storage', 'transport', 'http'],
  config: [],
  emulator: [],
  local: ['config', 'emulator'],
  cli: [
    '..',
    'attestation',
    'config',
    'emulator',
    'keyvault',
    'local',
    'outcomes',
    'probes',
    'simulations',
    'storage',
    'transport',
  ],
};

/** Folders from which a folder may also import types. */
const mayName: { readonly [folder: string]: readonly string[] } = {
  probes: ['history'],
  http: ['status'],
  outcomes: ['attestation'],
};

/** Packages that only these folders may touch. */
const onlyIn: { readonly [name: string]: readonly string[] } = {
  mqtt: ['transport'],
  'mqtt-packet': ['emulator'],
  ws: ['transport', 'emulator'],
  '@azure/functions': ['functions', 'http', 'app'],
  '@azure/keyvault-secrets': ['keyvault'],
  '@azure/identity': ['identity', 'local'],
  '@azure/data-tables': ['storage'],
  // The local Functions host has its own queue client, as the real host has.
  '@azure/storage-queue': ['storage', 'local'],
};

/** Packages whose types, too, stay in their folder: the others know what the folder makes of them. */
const hidden: readonly string[] = ['@azure/data-tables', '@azure/storage-queue'];

interface Import {
  readonly file: string;
  readonly folder: string;
  readonly target: string;
  readonly typeOnly: boolean;
}

const files = readdirSync(sourceFolder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
const imports = files.flatMap(importsOf);

/** What a parser finds, dynamic imports and re-exports included. Import cycles are Biome's to find (`noImportCycles`, types included). */
function importsOf(file: string): Import[] {
  const text = readFileSync(join(sourceFolder, file), 'utf8');
  const { staticImports, staticExports, dynamicImports } = parseSync(file, text).module;
  const found = (target: string, typeOnly: boolean): Import => ({ file, folder: folderOf(file), target, typeOnly });
  return [
    ...staticImports.map(({ moduleRequest, entries }) =>
      found(moduleRequest.value, entries.length > 0 && entries.every(({ isType }) => isType)),
    ),
    ...staticExports
      .flatMap(({ entries }) => entries)
      .flatMap(({ moduleRequest, isType }) => (moduleRequest ? [found(moduleRequest.value, isType)] : [])),
    ...dynamicImports.map(({ moduleRequest: { start, end } }) => found(text.slice(start + 1, end - 1), false)),
  ];
}

function folderOf(file: string): string {
  return file.includes('/') ? (file.split('/')[0] ?? '.') : '.';
}

describe('the architecture', () => {
  it('lets each folder import only from the folders that it is allowed to know', () => {
    const forbidden = imports
      .filter(({ target }) => target.startsWith('.') && target.endsWith('.ts'))
      .map((found) => ({ ...found, to: relative(sourceFolder, join(sourceFolder, dirname(found.file), found.target)) }))
      .filter(({ folder, to }) => folderOf(to) !== folder && !mayImport[folder]?.includes(folderOf(to)))
      .filter(({ typeOnly, folder, to }) => !typeOnly || !mayName[folder]?.includes(folderOf(to)))
      .map(({ file, to }) => `${file} imports ${to}`);
    expect(forbidden).toEqual([]);
  });

  it('allows each library only in its folder', () => {
    const forbidden = imports
      .filter(({ target, typeOnly }) => !typeOnly || hidden.includes(target))
      .filter(({ folder, target }) => onlyIn[target]?.includes(folder) === false)
      .map(({ file, target }) => `${file} imports ${target}`);
    expect(forbidden).toEqual([]);
  });

  it('reads the environment in one place of the shipped code', () => {
    const readers = files
      .filter((file) => !['local', 'emulator', 'cli'].includes(folderOf(file)))
      .filter((file) => /process\.env/.test(readFileSync(join(sourceFolder, file), 'utf8')));
    expect(readers).toEqual(['config/configuration.ts']);
  });

  it('has no file that is longer than one idea', () => {
    const long = files
      .map((file) => ({ file, lines: readFileSync(join(sourceFolder, file), 'utf8').split('\n').length }))
      .filter(({ lines }) => lines > 260);
    expect(long).toEqual([]);
  });

  it('has no default export, no enum and no barrel', () => {
    const offenders = files.filter((file) =>
      /^export (default|enum|\*)|^(const )?enum /m.test(readFileSync(join(sourceFolder, file), 'utf8')),
    );
    expect(offenders).toEqual([]);
  });

  it('registers each function under the name of its file, and main.ts imports them all', () => {
    const functions = files.filter((file) => file.startsWith('functions/'));
    const main = readFileSync(join(sourceFolder, 'main.ts'), 'utf8');
    for (const file of functions) {
      const name = file.slice('functions/'.length, -'.ts'.length);
      const text = readFileSync(join(sourceFolder, file), 'utf8');
      expect.soft(text, file).toMatch(new RegExp(`app\\.(http|timer|storageQueue)\\(\\s*'${name}'`));
      expect.soft(text, file).toMatch(new RegExp(`export async function ${name}\\b`));
      expect.soft(main).toContain(`'./${file}'`);
    }
    expect(functions.length).toBeGreaterThan(0);
  });
});
