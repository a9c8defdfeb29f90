import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { needsBicep, resourcesOf, type Snapshot, snapshotOf } from '../support/bicep.ts';

const root = join(import.meta.dirname, '../..');
const functionFiles = await readdir(join(root, 'src/functions'));

const appSchema = z.object({
  functionAppConfig: z.object({
    runtime: z.object({ name: z.literal('node'), version: z.string() }),
    deployment: z.object({
      storage: z.object({
        type: z.literal('blobContainer'),
        authentication: z.object({ type: z.string(), userAssignedIdentityResourceId: z.string() }),
      }),
    }),
    scaleAndConcurrency: z.object({
      instanceMemoryMB: z.number(),
      maximumInstanceCount: z.number(),
      alwaysReady: z.array(z.object({ name: z.string(), instanceCount: z.number() })),
    }),
  }),
});

describe('each function app', needsBicep, () => {
  let snapshot: Snapshot;
  let everything: Snapshot;
  beforeAll(async () => {
    snapshot = await snapshotOf('defaults');
    everything = await snapshotOf('everything');
  }, 240_000);

  const configsIn = (of: Snapshot) =>
    resourcesOf(of, 'Microsoft.Web/sites').map(({ properties }) => appSchema.parse(properties).functionAppConfig);

  it('has an always-ready instance for the timer, by the name of a function that exists', () => {
    for (const { scaleAndConcurrency } of [...configsIn(snapshot), ...configsIn(everything)]) {
      expect(scaleAndConcurrency.alwaysReady).toEqual([{ name: 'function:runProbes', instanceCount: 1 }]);
    }
    expect(functionFiles).toContain('runProbes.ts');
  });

  it('runs a version of Node that the code is tested with', async () => {
    const manifest = z
      .object({ devDependencies: z.object({ node: z.string() }) })
      .parse(JSON.parse(await readFile(join(root, 'package.json'), 'utf8')));
    for (const { runtime } of configsIn(snapshot)) {
      expect(runtime.version).toBe(manifest.devDependencies.node.split('.')[0]);
    }
  });

  it('reads its package from storage with its identity', () => {
    for (const { deployment } of configsIn(everything)) {
      expect(deployment.storage.authentication.type).toBe('UserAssignedIdentity');
    }
    expect(resourcesOf(everything, 'Microsoft.Storage/storageAccounts/blobServices/containers')).toHaveLength(3);
  });

  it('follows the parameters for memory and instances', () => {
    expect(configsIn(snapshot).map(({ scaleAndConcurrency: { alwaysReady: _, ...scale } }) => scale)).toEqual([
      { instanceMemoryMB: 2048, maximumInstanceCount: 40 },
    ]);
    expect(configsIn(everything).map(({ scaleAndConcurrency: { alwaysReady: _, ...scale } }) => scale)).toEqual(
      Array(3).fill({ instanceMemoryMB: 512, maximumInstanceCount: 100 }),
    );
  });

  it('finds the queues of its triggers in its own storage', async () => {
    const sources = await Promise.all(functionFiles.map((file) => readFile(join(root, 'src/functions', file), 'utf8')));
    const triggers = sources.filter((source) => source.includes('app.storageQueue(')).length;
    const queues = resourcesOf(snapshot, 'Microsoft.Storage/storageAccounts/queueServices/queues');
    expect(queues.map(({ name }) => name.split('/').at(-1))).toEqual([
      'simulation-batches',
      'simulation-batches-poison',
    ]);
    expect(triggers).toBe(queues.length);
  });

  it('is the one that azd deploys to only in the first location', () => {
    const tagged = resourcesOf(everything, 'Microsoft.Web/sites').map(({ tags }) => tags?.['azd-service-name']);
    expect(tagged).toEqual(['canary', undefined, undefined]);
  });
});
