import * as z from 'zod/mini';
import { type ConfigurationError, explainIssue, type Finding, findingsOf, pathBelow } from './configurationErrors.ts';
import { looksLikeSecret } from './formats.ts';
import { type Probe, probeFields, probeSchema } from './probe.ts';
import { readJson } from './readJson.ts';

/** The two forms of probes: an array, or an object that names its JSON Schema for the editor. */
const probeList = z.array(probeSchema).register(z.globalRegistry, { title: 'Probes' });
const probeDocument = z
  .strictObject({
    $schema: z
      .optional(z.string())
      .register(z.globalRegistry, { description: 'Where the editor finds the JSON Schema of this file.' }),
    probes: probeList,
  })
  .register(z.globalRegistry, { title: 'Probes with a $schema' });

const probesOfDocument = z.pipe(
  probeDocument,
  z.transform(({ probes }) => probes),
);

export const probesSchema = z.union([probeList, probeDocument]).register(z.globalRegistry, {
  title: 'DPS Canary probes',
  description: 'What PROBES and PROBES_FILE hold: the simulated devices, and what must happen to each.',
});

export type ParsedProbes =
  | {
      readonly kind: 'valid';
      readonly probes: readonly Probe[];
      /** Creates an error in a field of a probe, with its position, for a check after parsing. */
      readonly errorIn: ErrorIn;
    }
  | { readonly kind: 'invalid'; readonly errors: readonly ConfigurationError[] };

export type ErrorIn = (probe: number, field: string, message: string) => ConfigurationError;

export interface ProbesSource {
  /** Prefix of the errors' paths: the setting, or the file as it was named. */
  readonly root: string;
  readonly file?: string;
}

/** Parses the JSON of `PROBES` or of a file, and returns every error. */
export function parseProbes(text: string, { root, file }: ProbesSource): ParsedProbes {
  const inFile = file === undefined ? {} : { file };
  const json = readJson(text);
  if (json.kind === 'notJson') {
    const { message, line, column } = json;
    return { kind: 'invalid', errors: [{ path: root, message, ...inFile, line, column }] };
  }
  const list = probesIn(json.value);
  const form = formError(json.value);
  // A union would only report that neither form matches, so the form is chosen here.
  const parsed = Array.isArray(json.value)
    ? probeList.safeParse(json.value, { error: explainIssue })
    : probesOfDocument.safeParse(json.value, { error: explainIssue });
  const findings =
    form === undefined
      ? [...findingsOf(parsed.error?.issues ?? []), ...duplicateNames(list, root, Array.isArray(json.value))]
      : [{ path: [], message: form }];
  const isOneLine = !text.trim().includes('\n');
  const toError = ({ path, message }: Finding): ConfigurationError => {
    const index = path.find((part) => typeof part === 'number');
    const probe = index === undefined ? undefined : nameIn(list[index]);
    return {
      path: pathBelow(root, path),
      message,
      ...(probe !== undefined && { probe }),
      ...inFile,
      ...(!isOneLine && json.placeOf(path)),
    };
  };
  const errors = [...json.errors, ...findings].map(toError);
  if (!parsed.success || errors.length > 0) return { kind: 'invalid', errors };
  const pathOf = (index: number) => (Array.isArray(json.value) ? [index] : ['probes', index]);
  return {
    kind: 'valid',
    probes: parsed.data,
    errorIn: (probe, field, message) => toError({ path: [...pathOf(probe), field], message }),
  };
}

/** A wrong form is one error: parsed as the other form, every field would be an error. */
function formError(value: unknown): string | undefined {
  if (Array.isArray(value)) return undefined;
  if (typeof value !== 'object' || value === null) return 'expected an array of probes, or an object with probes';
  const isProbe = !('probes' in value) && ['idScope', 'registrationId', 'attestation'].some((field) => field in value);
  return isProbe ? 'expected an array of probes, got a single probe: write it in [ ]' : undefined;
}

/** The unparsed probes, in either form. */
function probesIn(value: unknown): readonly unknown[] {
  const list: unknown = value instanceof Object && 'probes' in value ? value.probes : value;
  return Array.isArray(list) ? list : [];
}

/** Checks the unparsed probes, so that other errors do not hide these. */
function duplicateNames(list: readonly unknown[], root: string, isArray: boolean): readonly Finding[] {
  const pathOf = (index: number) => (isArray ? [index] : ['probes', index]);
  const first = new Map<string, number>();
  return list.flatMap((probe, index) => {
    const name = nameIn(probe);
    if (name === undefined) return [];
    const earlier = first.get(name);
    if (earlier === undefined) {
      first.set(name, index);
      return [];
    }
    const message = `duplicate name: ${pathBelow(root, pathOf(earlier))} already uses it`;
    return [{ path: [...pathOf(index), 'name'], message }];
  });
}

/** The name, if it is safe to show: a malformed one could be a secret. */
function nameIn(probe: unknown): string | undefined {
  const name = probe instanceof Object && 'name' in probe ? probe.name : undefined;
  return typeof name === 'string' && !looksLikeSecret(name) && probeFields.shape.name.safeParse(name).success
    ? name
    : undefined;
}
