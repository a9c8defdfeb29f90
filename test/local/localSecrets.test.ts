import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readLocalSecrets } from '../../src/local/localSecrets.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'local-secrets-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function read(contents: string) {
  const file = join(folder, 'secrets.json');
  await writeFile(file, contents);
  return readLocalSecrets(file);
}

it('reads values, and values with their attributes', async () => {
  const attributes = {
    value: 'b',
    contentType: 'application/x-pem-file',
    enabled: false,
    expiresOn: '2026-11-24T01:00:00Z',
    notBefore: '2026-11-24T01:00:00+01:00',
  };
  expect(await read(`\uFEFF${JSON.stringify({ plain: 'a', 'with-attributes': attributes })}`)).toEqual({
    kind: 'valid',
    secrets: { plain: { value: 'a' }, 'with-attributes': attributes },
  });
});

it('knows no secret without a file', async () => {
  expect(await readLocalSecrets(undefined)).toEqual({ kind: 'valid', secrets: {} });
});

it.each([
  ['a folder', () => folder, '(EISDIR)'],
  ['no file', () => join(folder, 'missing.json'), '(ENOENT)'],
])('reports that %s cannot be read', async (_, path, code) => {
  const errors = [{ path: 'LOCAL_SECRETS_FILE', message: `expected the path of a file that can be read ${code}` }];
  expect(await readLocalSecrets(path())).toEqual({ kind: 'invalid', errors });
});

const shape = '{ value, contentType, enabled, expiresOn, notBefore }';
it.each([
  [
    'text that is not JSON',
    '{ "a": "planted',
    ['LOCAL_SECRETS_FILE: not valid JSON: it ends too early, at line 1, column 16'],
  ],
  ['an empty file', ' ', ['LOCAL_SECRETS_FILE: not valid JSON: it is empty']],
  ['half a file', '{ "a":', ['LOCAL_SECRETS_FILE: not valid JSON: it ends too early, at line 1, column 7']],
  [
    'a name twice',
    '{ "a": "planted",\n "a": "planted-too" }',
    ['LOCAL_SECRETS_FILE: duplicate field: line 1 already has it (line 2, column 2)'],
  ],
  ['a list', '["planted"]', [`LOCAL_SECRETS_FILE: expected an object: name to value, or to ${shape}`]],
  ['a number', '{ "a": 7 }', [`LOCAL_SECRETS_FILE.a: expected a value, or ${shape}`]],
  ['no value', '{ "a": {} }', ['LOCAL_SECRETS_FILE.a.value: expected a string']],
  [
    'a key for a name',
    '{ "planted/key==": "x" }',
    ['LOCAL_SECRETS_FILE: expected the name of entry 1 to be a Key Vault name: 1 to 127 letters, digits and dashes'],
  ],
  [
    'several errors',
    '{ "a": { "value": "planted", "enabled": "yes", "expiresOn": "soon" }, "b": { "value": "planted", "expires": "x" } }',
    [
      'LOCAL_SECRETS_FILE.a.enabled: expected true or false',
      'LOCAL_SECRETS_FILE.a.expiresOn: expected a time such as 2026-11-24T01:00:00Z',
      'LOCAL_SECRETS_FILE.b: expected no other field than value, contentType, enabled, expiresOn, notBefore',
    ],
  ],
])('reports every error of a file with %s, without its contents', async (_, contents, expected) => {
  const result = await read(contents);
  const errors = result.kind === 'invalid' ? result.errors.map(({ path, message }) => `${path}: ${message}`) : [];
  expect(errors).toEqual(expected);
  expect(errors.join()).not.toContain('planted');
});
