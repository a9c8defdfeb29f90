/** An error that the user can fix. Its message contains the next step, and is shown without a stack. Any other error is a bug. */
export class HostError extends Error {
  override readonly name = 'HostError';
}

/** The text to print for an error: the sentence of a HostError, otherwise the stack. */
export function describeHostError(error: unknown): string {
  if (error instanceof HostError) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
