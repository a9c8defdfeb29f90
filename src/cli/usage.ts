import { type ParseArgsConfig, parseArgs } from 'node:util';
import { closestMatch } from 'leven';

/** The exit codes of all commands. What counts as a failure is in each command's usage. */
export const exitCodes = { success: 0, failure: 1, usage: 2 } as const;

/** The error of `parseArgs` as one sentence, with a suggestion for a misspelt option. `options`: names without dashes. */
export function explainOptionError(error: unknown, options: readonly string[]): string {
  if (!(error instanceof Error)) return String(error);
  const [, ambiguous] = /^Option '(?:-\w, )?(--[^']+)' argument is ambiguous/.exec(error.message) ?? [];
  if (ambiguous !== undefined) {
    return `${ambiguous}: expected a value; write one that starts with a dash as ${ambiguous}=VALUE.`;
  }
  const [, unknown] = /^Unknown option '(--?[^']+)'/.exec(error.message) ?? [];
  if (unknown === undefined) return `${error.message.replace(/\.$/, '')}.`;
  const name = unknown.replace(/^-+/, '');
  const meant = closestMatch(name, options, { maxDistance: Math.ceil(name.length / 3) });
  return `Unknown option ${unknown}${meant === undefined ? '' : ` (did you mean --${meant}?)`}.`;
}

/** Throws for an option that was given twice and has one value: `parseArgs` would silently use the last one. */
export function refuseRepeated(args: readonly string[], options: NonNullable<ParseArgsConfig['options']>): void {
  const { tokens } = parseArgs({ args: [...args], options, strict: false, allowPositionals: true, tokens: true });
  const names = tokens.flatMap((token) => (token.kind === 'option' ? [token.name] : []));
  const isSingle = (name: string) => options[name]?.type === 'string' && options[name]?.multiple !== true;
  const repeated = names.find((name, index) => isSingle(name) && names.indexOf(name) !== index);
  if (repeated !== undefined) throw new Error(`--${repeated}: expected once, got it twice`);
}

/**
 * The message for wrong usage: the error, and the command that explains all options. The complete usage would scroll the error off a small
 * terminal.
 */
export function wrongUsage(message: string, command: string): string {
  return `${message}\nRun ${command} -- --help to see all options.`;
}
