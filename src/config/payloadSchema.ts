import * as z from 'zod';

/** DPS accepts messages of at most 96 KB (its published limits). */
const maxPayloadBytes = 96 * 1024;
const maxDepth = 32;

/** Custom allocation data: any JSON that fits into a message, measured as it will be written, and not so deep that writing it could fail. */
export const payloadSchema = z
  .unknown()
  .superRefine((payload, context) => {
    const message = payloadError(payload);
    if (message !== undefined) context.addIssue({ code: 'custom', message });
  })
  .transform((payload) => payload as z.core.util.JSONType);

function payloadError(payload: unknown): string | undefined {
  // Iterative: what is being checked is whether recursion is safe.
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
