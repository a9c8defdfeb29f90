import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zipSync } from 'fflate';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readOutputs, searchOutputs } from '../../scripts/searchOutputs.ts';
import { findPlantedSecrets, plantedSecrets } from '../support/plantedSecrets.ts';

const kinds = Object.entries(plantedSecrets);

describe('the search for planted secrets', () => {
  it.each(kinds)('finds a leaked %s in each encoding that a program might use', (kind, secret) => {
    const encodings = [
      secret,
      JSON.stringify({ secret }),
      encodeURIComponent(secret),
      encodeURIComponent(secret).replaceAll(/%../g, (code) => code.toLowerCase()),
      encodeURIComponent(encodeURIComponent(secret)),
      Buffer.from(secret).toString('hex'),
      JSON.stringify(Buffer.from(secret)),
      ...['', 'x', 'xy'].map((before) => Buffer.from(`${before}${secret}`).toString('base64')),
    ];
    const found = encodings.map((text) => findPlantedSecrets(`before ${text} after`).map((one) => one.kind));
    expect(found).toEqual(encodings.map(() => expect.arrayContaining([kind])));
  });

  it('finds nothing in outputs without planted secrets: names, shapes and other secrets are not findings', () => {
    expect(findPlantedSecrets(JSON.stringify(kinds.map(([kind]) => kind)))).toEqual([]);
    expect(
      findPlantedSecrets('-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n'),
    ).toEqual([]);
  });

  it('names the file and the kind of a leak, inside a zip too, and not the secret', async () => {
    const root = await mkdtemp(join(tmpdir(), 'outputs-'));
    onTestFinished(() => rm(root, { recursive: true, force: true }));
    const leak = Buffer.from(`const key = '${plantedSecrets.symmetricKey}';`);
    await mkdir(join(root, 'dist/deep'), { recursive: true });
    await writeFile(join(root, 'dist/clean.js'), 'nothing');
    await writeFile(join(root, 'dist/deep/leak.js'), leak);
    await writeFile(join(root, 'dist/app.zip'), zipSync({ 'main.mjs': leak, 'host.json': Buffer.from('{}') }));

    const found = searchOutputs(await readOutputs(root));
    expect(found.toSorted()).toEqual([
      'dist/app.zip/main.mjs: contains the planted symmetricKey, plain',
      'dist/deep/leak.js: contains the planted symmetricKey, plain',
    ]);
  });
});
