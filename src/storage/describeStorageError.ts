/** What is stored there, and what access to it takes. */
const stores = {
  history: {
    words: 'the history storage',
    role: 'Storage Table Data Contributor',
    settings: 'OutcomesStorage or AzureWebJobsStorage',
  },
  queue: {
    words: 'the queue storage of simulations',
    role: 'Storage Queue Data Contributor',
    settings: 'AzureWebJobsStorage',
  },
} as const;

/**
 * One sentence for the person on call: what the storage did, and what to do. It has codes and a host name, but never a URL with its
 * query, which may contain a signature.
 */
export function describeStorageError(error: unknown): string {
  const facts = factsOf(error);
  const { words, role, settings } = stores[isObject(error) && ofQueues.has(error) ? 'queue' : 'history'];
  const where = facts.host === undefined ? words : `${words} at ${facts.host}`;
  if (error instanceof Error && facts.name === 'NotStorageError') return `${where} cannot be used: ${error.message}`;
  if (error instanceof Error && facts.name === 'UnreadableRowError') {
    return `${error.message} cannot be read: another program or another version of this app wrote it. Delete it, or deploy that version again`;
  }
  if (facts.name === 'AbortError' || facts.name === 'TimeoutError') {
    return `${where} did not respond in time: check the storage account's health and the network connection to it`;
  }
  if (facts.statusCode === 401 || facts.statusCode === 403) {
    return `${where} refused access (${facts.statusCode} ${facts.code}): give the identity the role ${role}, and check the account's firewall`;
  }
  if (facts.statusCode !== undefined) {
    return `${where} responded ${facts.statusCode} ${facts.code}`.trimEnd();
  }
  if (/^E[A-Z]{3,}/.test(facts.code)) {
    return `${where} cannot be reached (${facts.code}): check ${settings}, and the network connection to it`;
  }
  return `${where} could not be used: ${error instanceof Error ? error.message : String(error)}`;
}

const ofQueues = new WeakSet<object>();

/** Rejects as `call` does, and records that the error is about a queue, which a timeout error itself does not show. */
export async function asQueueError<Value>(call: Promise<Value>): Promise<Value> {
  try {
    return await call;
  } catch (error) {
    if (isObject(error)) ofQueues.add(error);
    throw error;
  }
}

function isObject(error: unknown): error is object {
  return typeof error === 'object' && error !== null;
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
