import { beforeAll } from 'vitest';
import { createOutcomeHistory, type OutcomeHistory } from '../../src/history/history.ts';
import { type Azurite, startAzurite } from '../../src/local/azurite.ts';
import { type OpenTables, openTables } from '../../src/storage/openTables.ts';
import { plantedSecrets } from './plantedSecrets.ts';
import { unusedPort } from './unusedPort.ts';

/** One Azurite for all test files that run in this process. It stops when the process ends. */
let azurite: Promise<Azurite> | undefined;
const accounts = Array.from({ length: 200 }, (_, number) => `account${number}`);
const unused = [...accounts];

/** A storage account for a test file, empty at first. The tests of the file use different names of probes. */
export function useAzurite(): { readonly connectionString: () => string } {
  let connectionString: string | undefined;
  beforeAll(async () => {
    const account = unused.pop();
    if (account === undefined) throw new Error('more test files in one process than storage accounts');
    azurite ??= startAzurite({ accounts });
    connectionString = (await azurite).connectionString.replaceAll('devstoreaccount1', account);
  });
  return {
    connectionString() {
      if (!connectionString) throw new Error('Azurite runs only within the tests of a file');
      return connectionString;
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
  return connectionStringFor(await unusedPort());
}

export function connectionStringFor(port: number): string {
  const key = plantedSecrets.storageKey;
  return `DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey=${key};TableEndpoint=http://127.0.0.1:${port}/devstoreaccount1;`;
}
