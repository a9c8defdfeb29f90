import { closestMatch } from 'leven';

/** What `parseArgs` rejected, as one sentence; a misspelt option with the one that was meant. `options`: names without dashes. */
export function explainOptionError(error: unknown, options: readonly string[]): string {
  if (!(error instanceof Error)) return String(error);
  const [, unknown] = /^Unknown option '(--?[^']+)'/.exec(error.message) ?? [];
  if (unknown === undefined) return `${error.message.replace(/\.$/, '')}.`;
  const name = unknown.replace(/^-+/, '');
  const meant = closestMatch(name, options, { maxDistance: Math.ceil(name.length / 3) });
  return `Unknown option ${unknown}${meant === undefined ? '' : ` (did you mean --${meant}?)`}.`;
}

/** Wrong usage: what is wrong, and where all options are explained. The whole usage would push the error off a small terminal. */
export function wrongUsage(message: string, command: string): string {
  return `${message}\nRun ${command} -- --help to see all options.`;
}
