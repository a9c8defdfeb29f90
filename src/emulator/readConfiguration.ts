import { readFile } from 'node:fs/promises';
import { type DpsConfigurationInput, parseDpsConfiguration } from './dps/dpsConfiguration.ts';

export type ReadConfiguration =
  | { readonly ok: true; readonly configuration: DpsConfigurationInput }
  /** Sentences for a person, one fault each. */
  | { readonly ok: false; readonly faults: readonly string[] };

/** Reads and checks the stand-in's configuration file. */
export async function readConfiguration(file: string): Promise<ReadConfiguration> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    return { ok: false, faults: [`${file} cannot be read: ${messageOf(cause)}`] };
  }
  let input: unknown;
  try {
    input = JSON.parse(text);
  } catch (cause) {
    return { ok: false, faults: [`${file} is not JSON: ${messageOf(cause)}`] };
  }
  const parsed = parseDpsConfiguration(input);
  if (!parsed.ok) return { ok: false, faults: parsed.faults.map((fault) => `${file}: ${fault}`) };
  return { ok: true, configuration: input as DpsConfigurationInput }; // parsed just now, in full
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
