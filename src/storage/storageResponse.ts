/** Resolves with `other` for an expected error response; rejects with any other error. */
export async function orElse<Value, Other>(
  expected: ReadonlyArray<(error: unknown) => boolean>,
  other: Other,
  start: () => Promise<Value>,
): Promise<Value | Other> {
  try {
    return await start();
  } catch (error) {
    if (expected.some((isExpected) => isExpected(error))) return other;
    throw error;
  }
}

export const isMissing = (error: unknown): boolean => statusOf(error) === 404;
/** The row has changed since that etag. */
export const isOutdated = (error: unknown): boolean => statusOf(error) === 412;
/** A 409 may also mean that the table is being deleted. */
export const isPresent = (error: unknown): boolean =>
  statusOf(error) === 409 && codeOf(error) === 'EntityAlreadyExists';

/** Recognises the client library's RestError by its shape, so that the library need not be loaded. */
export function statusOf(error: unknown): number | undefined {
  return error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number'
    ? error.statusCode
    : undefined;
}

/** The table or queue itself does not exist. */
export function isContainerMissing(error: unknown): boolean {
  return isMissing(error) && ['TableNotFound', 'QueueNotFound'].includes(codeOf(error));
}

/** Single calls and transactions of the table client have it in different fields. */
function codeOf(error: unknown): string {
  const { code, details } = error as {
    readonly code?: unknown;
    readonly details?: { readonly odataError?: { readonly code?: unknown } };
  };
  return String(details?.odataError?.code ?? code ?? '');
}
