import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { readJson } from '../config/readJson.ts';
import { type LocalSecret, secretName } from './keyVault/secretStore.ts';

export type LocalSecrets =
  | { readonly kind: 'valid'; readonly secrets: Readonly<Record<string, LocalSecret>> }
  | { readonly kind: 'invalid'; readonly errors: readonly LocalSecretsError[] };

/** Neither field quotes the file's values. */
export interface LocalSecretsError {
  /** `LOCAL_SECRETS_FILE`, and within it the secret and its attribute. */
  readonly path: string;
  readonly message: string;
}

const setting = 'LOCAL_SECRETS_FILE';

const text = z.string('expected a string');
const instant = z.iso.datetime({ offset: true, error: 'expected a time such as 2026-11-24T01:00:00Z' });

const attributes = z.strictObject(
  {
    value: text,
    contentType: text.exactOptional(),
    enabled: z.boolean('expected true or false').exactOptional(),
    expiresOn: instant.exactOptional(),
    notBefore: instant.exactOptional(),
  },
  'expected a value, or { value, contentType, enabled, expiresOn, notBefore }',
);

const secretsFile = z.record(
  z.string(),
  z.preprocess((secret) => (typeof secret === 'string' ? { value: secret } : secret), attributes),
  'expected an object: name to value, or to { value, contentType, enabled, expiresOn, notBefore }',
);

/** Reads `LOCAL_SECRETS_FILE`: name → value, or → value with its attributes. Returns every error. Without a file there are no secrets. */
export async function readLocalSecrets(file: string | undefined): Promise<LocalSecrets> {
  if (!file) return { kind: 'valid', secrets: {} };
  let json: string;
  try {
    json = await readFile(file, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? ` (${error.code})` : '';
    return invalid(`expected the path of a file that can be read${code}`);
  }
  const read = readJson(json);
  if (read.kind === 'notJson') return invalid(read.message);
  // The path of a duplicate field is not shown: it may contain a value in the wrong place.
  const [error] = read.errors;
  if (error !== undefined) return invalid(`${error.message} (line ${error.line}, column ${error.column})`);
  return parseLocalSecrets(read.value);
}

function parseLocalSecrets(json: unknown): LocalSecrets {
  const parsed = secretsFile.safeParse(json);
  const errors = [...nameErrors(json), ...(parsed.error?.issues ?? []).flatMap(errorsOf)];
  return parsed.success && errors.length === 0 ? { kind: 'valid', secrets: parsed.data } : { kind: 'invalid', errors };
}

/** An invalid name may be a value in the wrong place, so only its number is shown. */
function nameErrors(json: unknown): LocalSecretsError[] {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return [];
  return Object.keys(json).flatMap((name, index) => {
    if (secretName.test(name)) return [];
    const message = `expected the name of entry ${index + 1} to be a Key Vault name: 1 to 127 letters, digits and dashes`;
    return [{ path: setting, message }];
  });
}

function errorsOf(issue: z.core.$ZodIssue): LocalSecretsError[] {
  const [name, ...inside] = issue.path.map(String);
  const path = [setting, ...(name === undefined ? [] : [secretName.test(name) ? name : '…']), ...inside].join('.');
  if (issue.code !== 'unrecognized_keys') return [{ path, message: issue.message }];
  const known = Object.keys(attributes.shape).join(', ');
  return [{ path, message: `expected no other field than ${known}` }];
}

function invalid(message: string): LocalSecrets {
  return { kind: 'invalid', errors: [{ path: setting, message }] };
}
