import { parse } from '@humanwhocodes/momoa';
import * as z from 'zod';
import { type ConfigurationError, explainIssue, toErrors } from './configurationErrors.ts';
import { type Probe, probeSchema } from './probe.ts';

/** The probes as people write them: an array, or an object that can name its JSON Schema for the editor. */
const probeList = z.array(probeSchema).meta({ title: 'Probes' });
const probeDocument = z
  .strictObject({
    $schema: z.string().optional().meta({ description: 'Where the editor finds the JSON Schema of this file.' }),
    probes: probeList,
  })
  .meta({ title: 'Probes with a $schema' });

export const probesSchema = z.union([probeList, probeDocument]).meta({
  title: 'DPS Canary probes',
  description: 'What PROBES and PROBES_FILE hold: the simulated devices, and what has to come of each.',
});

export type ParsedProbes =
  | { readonly kind: 'valid'; readonly probes: readonly Probe[] }
  | { readonly kind: 'invalid'; readonly errors: readonly ConfigurationError[] };

/**
 * Reads the JSON of `PROBES` or of the file at `PROBES_FILE`, and finds every error.
 *
 * @param source what the paths of the errors begin with
 */
export function parseProbes(text: string, source: string): ParsedProbes {
  const json = parseJson(text);
  if (json.kind === 'invalid') return { kind: 'invalid', errors: [{ path: source, message: json.message }] };

  if (typeof json.value !== 'object' || json.value === null) {
    return {
      kind: 'invalid',
      errors: [{ path: source, message: 'expected an array of probes, or an object with probes' }],
    };
  }
  // a union would only say that neither form fits, so the form is chosen here
  const parsed = Array.isArray(json.value)
    ? probeList.safeParse(json.value, { error: explainIssue })
    : probeDocument.transform(({ probes }) => probes).safeParse(json.value, { error: explainIssue });
  const errors = [...toErrors(parsed.error?.issues ?? [], source), ...duplicateNames(json.value, source)];
  return parsed.success && errors.length === 0 ? { kind: 'valid', probes: parsed.data } : { kind: 'invalid', errors };
}

/** Looks at the unparsed probes, so that an error elsewhere does not hide this one. */
function duplicateNames(json: unknown, source: string): readonly ConfigurationError[] {
  const isDocument = !Array.isArray(json);
  const list: unknown = isDocument && json instanceof Object && 'probes' in json ? json.probes : json;
  if (!Array.isArray(list)) return [];
  const root = isDocument ? `${source}.probes` : source;
  const names: readonly unknown[] = list.map((probe) =>
    probe instanceof Object && 'name' in probe ? probe.name : undefined,
  );
  return names.flatMap((name, index) => {
    const first = names.indexOf(name);
    if (typeof name !== 'string' || first === index) return [];
    return { path: `${root}[${index}].name`, message: `expected a name of its own: ${root}[${first}] has the same` };
  });
}

type ParsedJson =
  | { readonly kind: 'valid'; readonly value: unknown }
  | { readonly kind: 'invalid'; readonly message: string };

/** JSON.parse's own message quotes the text, which may hold a secret, and often lacks the place: momoa knows the place. */
function parseJson(text: string): ParsedJson {
  const withoutMark = text.replace(/^\uFEFF/, '');
  try {
    return { kind: 'valid', value: JSON.parse(withoutMark) };
  } catch {
    return { kind: 'invalid', message: `expected JSON${placeOfJsonError(withoutMark)}` };
  }
}

function placeOfJsonError(text: string): string {
  try {
    parse(text, { mode: 'json' });
    return '';
  } catch (error) {
    const { line, column } = faultPlace.parse(error);
    return `; it breaks off at line ${line}, column ${column}`;
  }
}

const faultPlace = z.object({ line: z.int(), column: z.int() });
