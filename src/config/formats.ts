import * as z from 'zod';

/** Environment variables, or what stands for them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** `https://host[:port]`: what an SDK client is given. Nothing but TLS is spoken to Azure. */
export function httpsOrigin(what: string): z.ZodType<string, string> {
  const error = `expected the https URL of ${what}, without a path`;
  return z
    .string()
    .regex(/^https:\/\/[^\s/?#@]+\/?$/, { error, abort: true })
    .refine((url) => URL.canParse(url), { error });
}

export const identityClientId = z.guid({ error: 'expected the client ID of a user-assigned identity, a GUID' });

/** Whole days, at most ten years. */
export const days = z
  .string()
  .regex(/^\d{1,4}$/, { error: 'expected a whole number of days', abort: true })
  .transform(Number)
  .pipe(z.int().min(1).max(3650));

const label = '[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?';
const port = '(?:[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])';

/**
 * `host[:port]`: a host name (RFC 1123 section 2.1) or an IPv4 address, as stand-ins have. No scheme, no path, and no IPv6 literal,
 * whose colons would be read as a port. The port, 1 to 65535, defaults to the transport's own.
 */
export const endpointSchema = z
  .string()
  .max(259, { error: 'expected at most 253 characters of host name and a port' })
  .regex(new RegExp(`^${label}(?:\\.${label})*(?::${port})?$`), {
    error: 'expected host[:port], without scheme and path',
  });

/** The cloud whose DPS a host is: `net` public, `us` US Government, `cn` China; undefined for any other host, as stand-ins have. */
export function microsoftCloud(endpoint: string): 'net' | 'us' | 'cn' | undefined {
  const cloud = /\.azure-devices-provisioning\.(net|us|cn)(?::\d+)?$/i.exec(endpoint)?.[1]?.toLowerCase();
  return cloud === 'net' || cloud === 'us' || cloud === 'cn' ? cloud : undefined;
}
