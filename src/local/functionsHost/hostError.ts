/**
 * The host cannot do its work for a reason that the person at the keyboard can remove. The message is a whole sentence
 * that says what to do; it is shown without a stack. Anything else thrown is a bug.
 */
export class HostError extends Error {
  override readonly name = 'HostError';
}

/** What to print for anything thrown: the sentence of a HostError, the stack of a bug. */
export function describeHostFault(error: unknown): string {
  if (error instanceof HostError) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
