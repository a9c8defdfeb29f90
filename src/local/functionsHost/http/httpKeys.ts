/** Authorization of HTTP functions: https://learn.microsoft.com/azure/azure-functions/function-keys-how-to */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

export type AuthLevel = 'anonymous' | 'function' | 'admin';

export interface HostKeys {
  /** Accepted for functions with authLevel `function`, as the host's default key. */
  readonly functionKey: string;
  /** Accepted for everything, including the admin routes. */
  readonly masterKey: string;
}

/** Reads the key from `x-functions-key` or `?code=`. */
export function isAuthorized(authLevel: AuthLevel, request: IncomingMessage, url: URL, keys: HostKeys): boolean {
  if (authLevel === 'anonymous') return true;
  const header = request.headers['x-functions-key'];
  const given = typeof header === 'string' ? header : url.searchParams.get('code');
  if (given === null) return false;
  if (isSameKey(given, keys.masterKey)) return true;
  return authLevel === 'function' && isSameKey(given, keys.functionKey);
}

function isSameKey(given: string, expected: string): boolean {
  const digest = (key: string) => createHash('sha256').update(key).digest();
  return timingSafeEqual(digest(given), digest(expected));
}
