import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cp, glob, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { findBicepCli } from '../../scripts/bicepCli.ts';
import { mustHave, requirement } from './requires.ts';

const run = promisify(execFile);
const root = join(import.meta.dirname, '../..');
const cli = await findBicepCli(root);

if (cli.kind === 'absent' && mustHave('bicep')) throw new Error(cli.reason);

/** For suites that need the Bicep CLI. */
export const needsBicep = requirement(cli.kind === 'found', cli.kind === 'found' ? '' : cli.reason);

/** The path of the program; an empty string if there is none, and the tests that need it are skipped. */
export const bicepPath = cli.kind === 'found' ? cli.path : '';

/** Of the imagined subscription that the snapshots deploy to. */
export const subscriptionId = '00000000-0000-0000-0000-000000000000';

export type Snapshot = z.infer<typeof snapshotSchema>;
export type PredictedResource = Snapshot['predictedResources'][number];

const snapshotSchema = z.object({
  predictedResources: z.array(
    z.object({
      id: z.string(),
      type: z.string(),
      name: z.string(),
      location: z.string().optional(),
      tags: z.record(z.string(), z.string()).optional(),
      properties: z.record(z.string(), z.json()).optional(),
      identity: z.json().optional(),
    }),
  ),
  diagnostics: z.array(z.json()),
  outputs: z.record(z.string(), z.json()),
});

/**
 * What a deployment with `test/infra/parameters/NAME.bicepparam` would make: modules flattened, loops and conditions evaluated, names
 * and role ids resolved. What only Azure knows (a client id, a key) is left as an expression.
 */
export async function snapshotOf(name: string): Promise<Snapshot> {
  const cached = join(tmpdir(), `dps-canary-snapshot-${name}-${await digestOfSources()}.json`);
  const text = await readFile(cached, 'utf8').catch(() => takeSnapshot(name, cached));
  return snapshotSchema.parse(JSON.parse(text));
}

/** The snapshot is written next to its parameters, so it is made in a copy. */
async function takeSnapshot(name: string, cached: string): Promise<string> {
  const copy = await mkdtemp(join(tmpdir(), 'snapshot-'));
  try {
    await cp(join(root, 'infra'), join(copy, 'infra'), { recursive: true });
    await cp(join(root, 'test/infra'), join(copy, 'test/infra'), { recursive: true });
    const parameters = join(copy, 'test/infra/parameters', `${name}.bicepparam`);
    const place = ['--subscription-id', subscriptionId, '--tenant-id', subscriptionId, '--location', 'westeurope'];
    await run(bicepPath, ['snapshot', parameters, '--mode', 'overwrite', ...place]);
    const text = await readFile(join(dirname(parameters), `${name}.snapshot.json`), 'utf8');
    const draft = join(copy, 'snapshot.json');
    await writeFile(draft, text);
    await rename(draft, cached); // whole or not at all: several test files ask for the same one
    return text;
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}

async function digestOfSources(): Promise<string> {
  const files: string[] = [];
  for await (const file of glob('{infra,test/infra}/**/*.{bicep,bicepparam,kql,json}', { cwd: root })) files.push(file);
  const hash = createHash('sha256');
  for (const file of files.toSorted()) hash.update(file).update(await readFile(join(root, file)));
  return hash.digest('hex').slice(0, 16);
}

/** The ARM template that a Bicep file compiles to. */
export async function compile(file: string): Promise<unknown> {
  const { stdout } = await run(bicepPath, ['build', join(root, file), '--stdout'], { maxBuffer: 64 * 1024 * 1024 });
  return JSON.parse(stdout);
}

export function resourcesOf(snapshot: Snapshot, type: string): readonly PredictedResource[] {
  return snapshot.predictedResources.filter((resource) => resource.type === type);
}
