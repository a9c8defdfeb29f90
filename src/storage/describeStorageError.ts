/**
 * One sentence for the person on call: what Table Storage did, and what to do. Made of codes and a host name, never of an address
 * with its query, which may hold a signature.
 */
export function describeStorageError(error: unknown): string {
  const fault = factsOf(error);
  const where = fault.host === undefined ? 'the history storage' : `the history storage at ${fault.host}`;
  if (fault.name === 'AbortError' || fault.name === 'TimeoutError') {
    return `${where} did not answer in time: look at the storage account's health and at the network between`;
  }
  if (fault.statusCode === 401 || fault.statusCode === 403) {
    return `${where} refused access (${fault.statusCode} ${fault.code}): give the identity the role Storage Table Data Contributor, and look at the account's firewall`;
  }
  if (fault.statusCode !== undefined) {
    return `${where} answered ${fault.statusCode} ${fault.code}`;
  }
  if (/^E[A-Z]{3,}/.test(fault.code)) {
    return `${where} cannot be reached (${fault.code}): look at OutcomesStorage or AzureWebJobsStorage, and at the network between`;
  }
  return `${where} could not be used: ${error instanceof Error ? error.message : String(error)}`;
}

interface StorageFacts {
  readonly name: string;
  readonly code: string;
  readonly statusCode?: number;
  readonly host?: string;
}

/** The client library's RestError, told by its shape: the library is not loaded for this. */
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
