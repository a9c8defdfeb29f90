import { RestError } from '@azure/data-tables';
import { describe, expect, it } from 'vitest';
import { describeStorageError } from '../../src/storage/describeStorageError.ts';
import { UnreadableRowError } from '../../src/storage/unreadableRows.ts';

/** As the client throws it, with the address that it called: a SAS connection has its signature in there. */
function restError(message: string, over: { statusCode?: number; code?: string; odataCode?: string }): RestError {
  const { statusCode, code, odataCode } = over;
  const error = new RestError(message, {
    ...(statusCode !== undefined && { statusCode }),
    ...(code !== undefined && { code }),
  });
  return Object.assign(error, {
    request: { url: 'https://account.table.core.windows.net/outcomes?sv=2020&sig=c2VjcmV0' },
    ...(odataCode !== undefined && { details: { odataError: { code: odataCode } } }),
  });
}

describe('an error of the storage', () => {
  it.each([
    [
      restError('refused', { statusCode: 403, odataCode: 'AuthorizationPermissionMismatch' }),
      "the history storage at account.table.core.windows.net refused access (403 AuthorizationPermissionMismatch): give the identity the role Storage Table Data Contributor, and check the account's firewall",
    ],
    [
      restError('busy', { statusCode: 503, odataCode: 'ServerBusy' }),
      'the history storage at account.table.core.windows.net responded 503 ServerBusy',
    ],
    [
      restError('getaddrinfo ENOTFOUND', { code: 'ENOTFOUND' }),
      'the history storage at account.table.core.windows.net cannot be reached (ENOTFOUND): check OutcomesStorage or AzureWebJobsStorage, and the network connection to it',
    ],
    [
      new DOMException('aborted', 'TimeoutError'),
      "the history storage did not respond in time: check the storage account's health and the network connection to it",
    ],
    [
      new UnreadableRowError('row 1 of partition p of the table t'),
      'row 1 of partition p of the table t cannot be read: another program or another version of this app wrote it. Delete it, or deploy that version again',
    ],
    [new Error('no such method'), 'the history storage could not be used: no such method'],
    ['nonsense', 'the history storage could not be used: nonsense'],
  ])('is one sentence without a secret: %s', (error, sentence) => {
    expect(describeStorageError(error)).toBe(sentence);
    expect(describeStorageError(error)).not.toContain('c2VjcmV0');
  });
});
