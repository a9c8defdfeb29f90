import type { Services } from './services.ts';

/**
 * Reads once for all who ask within `maxAgeMs`: a crowd that looks at a public page pays for the storage's requests once. A failure is
 * not kept.
 */
export function cacheFor<Value, Rest extends readonly unknown[]>(
  maxAgeMs: number,
  read: (services: Services, now: Date, ...rest: Rest) => Promise<Value>,
): (services: Services, now: Date, ...rest: Rest) => Promise<Value> {
  const kept = new WeakMap<Services, { readonly readMs: number; readonly value: Promise<Value> }>();
  return (services, now, ...rest) => {
    const known = kept.get(services);
    if (known && Math.abs(now.getTime() - known.readMs) < maxAgeMs) return known.value;
    const value = read(services, now, ...rest);
    kept.set(services, { readMs: now.getTime(), value });
    value.catch(() => {
      if (kept.get(services)?.value === value) kept.delete(services);
    });
    return value;
  };
}
