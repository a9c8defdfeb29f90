import * as z from 'zod';

/** Environment variables, or what stands for them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** `https://host[:port]`: what an SDK client is given. Nothing but TLS is spoken to Azure. */
export function httpsOrigin(what: string): z.ZodType<string, string> {
  return z.string().regex(/^https:\/\/[^\s/?#@]+\/?$/, { error: `expected the https URL of ${what}, without a path` });
}

export const identityClientId = z.guid({ error: 'expected the client ID of a user-assigned identity, a GUID' });

/** Whole days, at most ten years. */
export const days = z
  .string()
  .regex(/^\d{1,4}$/, { error: 'expected a whole number of days', abort: true })
  .transform(Number)
  .pipe(z.int().min(1).max(3650));
