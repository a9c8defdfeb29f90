import * as z from 'zod';

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
