/**
 * One sentence for the person on call: what Table Storage did, and what to do. It has codes and a host name, but never a URL with its
 * query, which may contain a signature.
 */
export function describeStorageError(error: unknown): string {
  const facts = factsOf(error);
  const where = facts.host === undefined ? 'the history storage' : `the history storage at ${facts.host}`;
  if (facts.name === 'AbortError' || facts.name === 'TimeoutError') {
    return `${where} did not respond in time: check the storage account's health and the network between`;
  }
  if (facts.statusCode === 401 || facts.statusCode === 403) {
    return `${where} refused access (${facts.statusCode} ${facts.code}): give the identity the role Storage Table Data Contributor, and check the account's firewall`;
  }
  if (facts.statusCode !== undefined) {
    return `${where} responded ${facts.statusCode} ${facts.code}`.trimEnd();
  }
  if (/^E[A-Z]{3,}/.test(facts.code)) {
    return `${where} cannot be reached (${facts.code}): check OutcomesStorage or AzureWebJobsStorage, and the network between`;
  }
  return `${where} could not be used: ${error instanceof Error ? error.message : String(error)}`;
}

interface StorageFacts {
  readonly name: string;
  readonly code: string;
  readonly statusCode?: number;
  readonly host?: string;
}

/** Recognises the client library's RestError by its shape, so that the library need not be loaded. */
function factsOf(error: unknown): StorageFacts {
  if (!(error instanceof Error)) return { name: '', code: '' };
  const { code, statusCode, request, details } = error as Error & {
    readonly code?: unknown;
    readonly statusCode?: unknown;
    readonly request?: { readonly url?: unknown };
    readonly details?: { readonly odataError?: { readonly code?: unknown } };
  };
  const host = URL.parse(String(request?.url ?? ''))?.host;
  return {
    name: error.name,
    code: String(details?.odataError?.code ?? code ?? '').replace(/[^\w.-]/g, ''),
    ...(typeof statusCode === 'number' && { statusCode }),
    ...(host && { host }),
  };
}
