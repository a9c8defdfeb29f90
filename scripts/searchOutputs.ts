/** Looks for the planted secrets of the tests in everything that a run of the tests, a build or a package has written. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { unzipSync } from 'fflate';
import { findPlantedSecrets } from '../test/support/plantedSecrets.ts';

/** What is built and packed, what the documentation shows, and what tests leave behind: responses, logs, tables, texts of pages. */
const outputFolders = ['dist', 'docs', 'test/output'];

export interface Output {
  /** For the reader: which file, or whose console. */
  readonly name: string;
  readonly text: string;
}

/** A sentence for each secret found; nothing of the secret itself. */
export function searchOutputs(outputs: Iterable<Output>): readonly string[] {
  return [...outputs].flatMap(({ name, text }) =>
    findPlantedSecrets(text).map(({ kind, encoding }) => `${name}: contains the planted ${kind}, ${encoding}`),
  );
}

/** Every file of these folders, those inside of zips included. */
export async function readOutputs(root: string): Promise<readonly Output[]> {
  const outputs = await Promise.all(outputFolders.map((folder) => readFolder(join(root, folder), folder)));
  return outputs.flat();
}

async function readFolder(path: string, name: string): Promise<readonly Output[]> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const outputs = await Promise.all(
    files.map(async (file): Promise<readonly Output[]> => {
      // Another test may have deleted it meanwhile.
      const contents = await readFile(file).catch(() => Buffer.alloc(0));
      const shown = join(name, file.slice(path.length));
      return file.endsWith('.zip') ? unpacked(contents, shown) : [{ name: shown, text: contents.toString('latin1') }];
    }),
  );
  return outputs.flat();
}

function unpacked(zip: Uint8Array, name: string): readonly Output[] {
  if (zip.length === 0) return [];
  return Object.entries(unzipSync(zip)).map(([file, contents]) => ({
    name: `${name}/${file}`,
    text: Buffer.from(contents).toString('latin1'),
  }));
}
