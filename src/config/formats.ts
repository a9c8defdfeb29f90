import * as z from 'zod/mini';

/** Environment variables, or a test's. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** `https://host[:port]`, for SDK clients. Azure is only called over TLS. */
export function httpsOrigin(what: string): z.ZodMiniType<string, string> {
  const error = `expected the https URL of ${what}, without a path`;
  return z.string().check(
    z.regex(/^https:\/\/[^\s/?#@]+\/?$/, { error, abort: true }),
    z.refine((url) => URL.canParse(url) && isUsableHost(new URL(url)), { error }),
  );
}

/** False for what URL accepts although no connection is possible: port 0, and a name with an empty label. */
export function isUsableHost({ hostname, port }: URL): boolean {
  return port !== '0' && (hostname.startsWith('[') || isHostName(hostname));
}

/** With `_`, which names in a container network have. */
export function isHostName(text: string): boolean {
  return /^[\w-]+(?:\.[\w-]+)*\.?$/.test(text);
}

/** Text that pages, logs and terminals show as it is. */
export const printableText = z.refine<string>((text) => /^\P{C}*$/u.test(text), {
  error: 'expected printable characters only',
});

export const identityClientId = z.guid({ error: 'expected the client ID of a user-assigned identity, a GUID' });

/** Whole days, at most ten years. */
export const days = z.pipe(
  z.pipe(
    z.string().check(z.regex(/^\d{1,4}$/, { error: 'expected a whole number of days', abort: true })),
    z.transform(Number),
  ),
  z.int().check(z.minimum(1), z.maximum(3650)),
);

const label = '[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?';
const port = '(?:[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])';

/**
 * `host[:port]`: a host name (RFC 1123 section 2.1) or an IPv4 address (for stand-ins). No scheme, no path, and no IPv6 literal, because
 * its colons are ambiguous. The port, 1 to 65535, defaults to the transport's own.
 */
export const endpointSchema = z.string().check(
  z.maxLength(259, { error: 'expected at most 253 characters of host name and a port' }),
  z.regex(new RegExp(`^${label}(?:\\.${label})*(?::${port})?$`), {
    error: 'expected host[:port], without scheme and path',
  }),
);

/** The cloud of a DPS host: `net` public, `us` US Government, `cn` China. Undefined for any other host, such as a stand-in. */
export function microsoftCloud(endpoint: string): 'net' | 'us' | 'cn' | undefined {
  const cloud = /\.azure-devices-provisioning\.(net|us|cn)(?::\d+)?$/i.exec(endpoint)?.[1]?.toLowerCase();
  return cloud === 'net' || cloud === 'us' || cloud === 'cn' ? cloud : undefined;
}

/**
 * True when a text looks like a secret and not like the name of one: a PEM block, a connection string or SAS, a JSON web token, or 32 bytes
 * or more as base64 or hexadecimal. Such a text is refused as a name, and no message quotes it.
 */
export function looksLikeSecret(text: string): boolean {
  return (
    text.includes('-----BEGIN') ||
    /(?:AccountKey|SharedAccessKey|SharedAccessSignature|InstrumentationKey|sig)=/i.test(text) ||
    /^eyJ[\w-]+\.[\w-]+\./.test(text) ||
    /^[0-9a-f]{64,}$/i.test(text) ||
    isLongBase64(text.trim())
  );
}

/** 32 bytes are 43 base64 characters and a `=`. Long names differ: they have dashes, or no digits, or only one case. */
function isLongBase64(text: string): boolean {
  if (!/^[A-Za-z0-9+/]{42,}={0,2}$/.test(text)) return false;
  return /[+/=]/.test(text) || (/[a-z]/.test(text) && /[A-Z]/.test(text) && /[0-9]/.test(text));
}

/** DPS accepts messages of at most 96 KB (its published limits). */
const maxPayloadBytes = 96 * 1024;
const maxDepth = 32;

/** Custom allocation data: any JSON whose serialised form fits into a message and whose depth is safe for recursion. */
export const payloadSchema = z.pipe(
  z.unknown().check(
    z.superRefine((payload, context) => {
      const message = payloadError(payload);
      if (message !== undefined) context.addIssue({ code: 'custom', message });
    }),
  ),
  z.transform((payload) => payload as z.core.util.JSONType),
);

function payloadError(payload: unknown): string | undefined {
  // Iterative, because recursion is not known to be safe yet.
  let level: readonly unknown[] = [payload];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > maxDepth) return `expected at most ${maxDepth} levels of nesting`;
    if (level.some((value) => !isJson(value))) return 'expected a JSON value: no number above 1.8e308';
    level = level.flatMap((value) => (value instanceof Object ? Object.values(value) : []));
  }
  return Buffer.byteLength(JSON.stringify(payload)) > maxPayloadBytes
    ? 'expected at most 96 KB of JSON, the largest message that DPS accepts'
    : undefined;
}

function isJson(value: unknown): boolean {
  if (typeof value === 'number') return Number.isFinite(value);
  return value === null || ['string', 'boolean', 'object'].includes(typeof value);
}
