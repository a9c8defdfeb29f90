import { readFile } from 'node:fs/promises';
import { evaluate, parse } from '@humanwhocodes/momoa';
import { type DpsConfigurationInput, parseDpsConfiguration } from './dps/dpsConfiguration.ts';

export type ReadConfiguration =
  | { readonly ok: true; readonly configuration: DpsConfigurationInput }
  /** One sentence for each error. */
  | { readonly ok: false; readonly errors: readonly string[] };

/** Reads and checks the stand-in's configuration file: JSON, with comments and trailing commas allowed. */
export async function readConfiguration(file: string): Promise<ReadConfiguration> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    return { ok: false, errors: [`${file}: cannot be read: ${messageOf(cause)}`] };
  }
  let input: unknown;
  try {
    input = evaluate(parse(text.replace(/^\uFEFF/, ''), { mode: 'jsonc', allowTrailingCommas: true }));
  } catch (cause) {
    return { ok: false, errors: [`${file}: not valid JSON${placeOf(cause)}`] };
  }
  const parsed = parseDpsConfiguration(input);
  if (parsed.ok) return { ok: true, configuration: input as DpsConfigurationInput }; // just parsed successfully
  const errors = parsed.errors.map((error) => `${file}: ${error}`);
  return {
    ok: false,
    errors: [...errors, 'The fields and faults of the configuration are listed in docs/emulator.md.'],
  };
}

/** Of the parser's error, whose message quotes the text. */
function placeOf(cause: unknown): string {
  return cause instanceof Error && 'line' in cause && 'column' in cause
    ? `: unexpected token or end at line ${cause.line}, column ${cause.column}`
    : '';
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
