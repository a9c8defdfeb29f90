import { closestMatch } from 'leven';

/** The exit codes of all commands. What counts as a failure is in each command's usage. */
export const exitCodes = { success: 0, failure: 1, usage: 2 } as const;

/** The error of `parseArgs` as one sentence, with a suggestion for a misspelt option. `options`: names without dashes. */
export function explainOptionError(error: unknown, options: readonly string[]): string {
  if (!(error instanceof Error)) return String(error);
  const [, unknown] = /^Unknown option '(--?[^']+)'/.exec(error.message) ?? [];
  if (unknown === undefined) return `${error.message.replace(/\.$/, '')}.`;
  const name = unknown.replace(/^-+/, '');
  const meant = closestMatch(name, options, { maxDistance: Math.ceil(name.length / 3) });
  return `Unknown option ${unknown}${meant === undefined ? '' : ` (did you mean --${meant}?)`}.`;
}

/**
 * The message for wrong usage: the error, and the command that explains all options. The complete usage would scroll the error off a small
 * terminal.
 */
export function wrongUsage(message: string, command: string): string {
  return `${message}\nRun ${command} -- --help to see all options.`;
}
