import type { Services } from './services.ts';

/**
 * Shares one result between all callers within `maxAgeMs`, so that many readers of a public page cost one set of storage requests. Failures
 * are not cached.
 */
export function cacheFor<Value, Rest extends readonly unknown[]>(
  maxAgeMs: number,
  read: (services: Services, now: Date, ...rest: Rest) => Promise<Value>,
): (services: Services, now: Date, ...rest: Rest) => Promise<Value> {
  const cache = new WeakMap<Services, { readonly readMs: number; readonly value: Promise<Value> }>();
  return (services, now, ...rest) => {
    const known = cache.get(services);
    if (known && Math.abs(now.getTime() - known.readMs) < maxAgeMs) return known.value;
    const value = read(services, now, ...rest);
    cache.set(services, { readMs: now.getTime(), value });
    value.catch(() => {
      if (cache.get(services)?.value === value) cache.delete(services);
    });
    return value;
  };
}
