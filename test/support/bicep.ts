import { createHash } from 'node:crypto';
import { glob, mkdtemp, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { findBicepCli } from '../../scripts/bicepCli.ts';
import { type BicepServer, startBicepServer } from '../../scripts/bicepServer.ts';
import { mustHave, requirement } from './requires.ts';

const root = join(import.meta.dirname, '../..');
const cli = await findBicepCli(root);

if (cli.kind === 'absent' && mustHave('bicep')) throw new Error(cli.reason);

/** For suites that need the Bicep CLI. */
export const needsBicep = requirement(cli.kind === 'found', cli.kind === 'found' ? '' : cli.reason);

/** The compiler, one process for all tests of this worker. It ends with the worker, which closes its input. */
export function bicep(): BicepServer {
  if (cli.kind === 'absent') throw new Error(cli.reason);
  server ??= startBicepServer(cli.path);
  return server;
}
let server: BicepServer | undefined;

/** The imagined subscription that the snapshots deploy to. */
const place = {
  subscriptionId: '00000000-0000-0000-0000-000000000000',
  tenantId: '00000000-0000-0000-0000-000000000000',
  location: 'westeurope',
};

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

async function takeSnapshot(name: string, cached: string): Promise<string> {
  const text = await bicep().snapshot(join(root, 'test/infra/parameters', `${name}.bicepparam`), place);
  const draft = `${cached}.${process.pid}`;
  await writeFile(draft, text);
  await rename(draft, cached); // whole or not at all: several test files ask for the same one
  return text;
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
  const { template, diagnostics } = await bicep().compile(join(root, file));
  if (template === undefined) throw new Error(`${file}: ${JSON.stringify(diagnostics)}`);
  return JSON.parse(template);
}

/** What the compiler reports of a deployment with these parameters. Empty if it can be deployed. */
export async function refusalOf(parameters: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'deployment-'));
  try {
    await symlink(join(root, 'infra'), join(folder, 'infra'));
    const file = join(folder, 'example.bicepparam');
    await writeFile(
      file,
      `using 'infra/main.bicep'\nparam environmentName = 'a'\nparam location = 'westeurope'\n${parameters}`,
    );
    const stopped = await bicep()
      .snapshot(file, place)
      .then(() => '', String);
    if (stopped !== '' && !stopped.endsWith('Compilation failed')) return stopped;
    const { diagnostics } = await bicep().compileParameters(file);
    return diagnostics.map(({ message }) => message).join('\n');
  } finally {
    await rm(folder, { recursive: true });
  }
}

export function resourcesOf(snapshot: Snapshot, type: string): readonly PredictedResource[] {
  return snapshot.predictedResources.filter((resource) => resource.type === type);
}
