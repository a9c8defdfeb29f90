/** Resolves with `other` where the storage responded as expected; every other error rejects. */
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
/** The row is no longer as it was at that etag. */
export const isOutdated = (error: unknown): boolean => statusOf(error) === 412;
/** A 409 may also say that the table is being deleted. */
export const isPresent = (error: unknown): boolean =>
  statusOf(error) === 409 && codeOf(error) === 'EntityAlreadyExists';

/** The client library's RestError, recognised by its shape: the library is not loaded for this. */
export function statusOf(error: unknown): number | undefined {
  return error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number'
    ? error.statusCode
    : undefined;
}

/** Of the table or queue itself. */
export function isContainerMissing(error: unknown): boolean {
  return isMissing(error) && ['TableNotFound', 'QueueNotFound'].includes(codeOf(error));
}

/** Single calls and transactions of the table client carry it in two places. */
function codeOf(error: unknown): string {
  const { code, details } = error as {
    readonly code?: unknown;
    readonly details?: { readonly odataError?: { readonly code?: unknown } };
  };
  return String(details?.odataError?.code ?? code ?? '');
}
