import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import type { LocalSecret } from './keyVault/secretStore.ts';

const instant = z.iso.datetime({ offset: true, error: 'expected a time such as 2026-11-24T01:00:00Z' });

const secret = z.union(
  [
    z.string(),
    z.strictObject({
      value: z.string(),
      contentType: z.string().optional(),
      enabled: z.boolean().optional(),
      expiresOn: instant.optional(),
      notBefore: instant.optional(),
    }),
  ],
  { error: 'expected a value, or { value, contentType, enabled, expiresOn, notBefore }' },
);

const secretsFile = z.record(
  z.string().regex(/^[0-9A-Za-z-]{1,127}$/, { error: 'expected a Key Vault name: letters, digits and dashes' }),
  secret,
);

/**
 * Reads `LOCAL_SECRETS_FILE`: name → value, or → value with its attributes.
 * @throws a sentence with the place of each fault, and never a value.
 */
export async function readLocalSecrets(path: string | undefined): Promise<Record<string, string | LocalSecret>> {
  if (!path) return {};
  const text = await readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw new Error(`LOCAL_SECRETS_FILE: ${path} cannot be read (${cause.code}).`, { cause });
  });
  const parsed = secretsFile.safeParse(parseJson(text, path));
  if (parsed.success) return parsed.data as Record<string, string | LocalSecret>;
  const faults = parsed.error.issues.map(
    (issue) => `LOCAL_SECRETS_FILE: ${issue.path.join('.') || 'file'}: ${issue.message}`,
  );
  throw new Error(faults.join('\n'));
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's own message quotes the text around the fault, which here is a secret.
    throw new Error(`LOCAL_SECRETS_FILE: ${path} is no JSON.`);
  }
}
