import type { HttpResponseInit } from '@azure/functions';
import { problem } from './problem.ts';

export type Flag =
  | { readonly kind: 'flag'; readonly value: boolean }
  | { readonly kind: 'neither'; readonly response: HttpResponseInit };

/** A query parameter that is `true`, `false` or left out. A slip of the pen is said: a gate that is open unseen is worse than none. */
export function readFlag(query: { get(name: string): string | null }, name: string): Flag {
  const text = query.get(name);
  if (text === null || text === 'false') return { kind: 'flag', value: false };
  if (text === 'true') return { kind: 'flag', value: true };
  const faults = [{ path: name, message: 'expected true or false' }];
  return { kind: 'neither', response: problem({ status: 400, title: 'The query has faults', faults }) };
}
