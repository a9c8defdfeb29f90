import { createServer } from 'node:net';
import { afterAll, beforeAll } from 'vitest';
import { createOutcomeHistory, type OutcomeHistory } from '../../src/history/history.ts';
import { type Azurite, startAzurite } from '../../src/local/azurite.ts';
import { type OpenTables, openTables } from '../../src/storage/openTables.ts';
import { plantedSecrets } from './plantedSecrets.ts';

/** One Azurite for a test file. Its tests use different names of probes. */
export function useAzurite(): { readonly connectionString: () => string } {
  let azurite: Azurite | undefined;
  beforeAll(async () => {
    azurite = await startAzurite();
  });
  afterAll(async () => {
    await azurite?.close();
  });
  return {
    connectionString() {
      if (!azurite) throw new Error('Azurite runs only within the tests of a file');
      return azurite.connectionString;
    },
  };
}

/** The history of an app at the location of `buildOutcome`. */
export function historyAt(connectionString: string, location = 'westeurope'): OutcomeHistory {
  return createOutcomeHistory(tablesAt(connectionString), location);
}

/** As one process opens them. */
export function tablesAt(connectionString: string): OpenTables {
  return openTables({ kind: 'connectionString', connectionString }, { managedIdentity: false });
}

/** The connection string of a storage that is not available: its port was free a moment ago, and no server listens there. */
export async function closedStorage(): Promise<string> {
  const server = createServer();
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const address = server.address();
  await new Promise((closed) => server.close(closed));
  if (address === null || typeof address === 'string') throw new Error('expected a TCP port');
  return connectionStringFor(address.port);
}

export function connectionStringFor(port: number): string {
  const key = plantedSecrets.storageKey;
  return `DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey=${key};TableEndpoint=http://127.0.0.1:${port}/devstoreaccount1;`;
}
