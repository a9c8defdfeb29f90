import * as z from 'zod';
import { type Verdict, verdicts } from '../outcomes/outcome.ts';
import { parseCursor } from './outcomeCursor.ts';
import type { Position } from './outcomeKeys.ts';

/** What `GET /api/outcomes` asks for. */
export interface OutcomeQuery {
  readonly probes: readonly string[];
  /** Milliseconds since 1970, inclusive. */
  readonly sinceMs?: number | undefined;
  /** Milliseconds since 1970, exclusive. */
  readonly untilMs?: number | undefined;
  readonly verdict?: Verdict | undefined;
  /** Default: all that the history knows. */
  readonly locations?: readonly string[] | undefined;
  readonly limit: number;
  /** Where the page before ended. */
  readonly after?: Position | undefined;
}

export type ParsedOutcomeQuery =
  | { readonly kind: 'query'; readonly query: OutcomeQuery }
  | { readonly kind: 'invalid'; readonly faults: readonly QueryFault[] }
  | { readonly kind: 'unknownProbe'; readonly probe: string; readonly message: string };

export interface QueryFault {
  readonly field: string;
  readonly message: string;
}

const defaultLimit = 100;
const maxLimit = 1000;

/** Function keys arrive as query parameters of the platform's own. */
const platformFields = ['code', 'clientId'];
const fields = ['probe', 'since', 'until', 'verdict', 'location', 'limit', 'cursor'] as const;

const limitMessage = `expected a whole number from 1 to ${maxLimit}`;
const timeMessage = 'expected a time such as 2026-11-24T01:00:00Z or a date such as 2026-11-24';
const time = z
  .union([z.iso.datetime({ offset: true }), z.iso.date()], { error: timeMessage })
  .transform((text) => Date.parse(text));

const querySchema = z
  .object({
    since: time.optional(),
    until: time.optional(),
    verdict: z.enum(verdicts, { error: `expected one of ${verdicts.join(', ')}` }).optional(),
    location: z.string().max(64, { error: 'expected a location of at most 64 characters' }).optional(),
    limit: z
      .string()
      .regex(/^\d{1,9}$/, { error: limitMessage })
      .transform(Number)
      .refine((limit) => limit >= 1 && limit <= maxLimit, { error: limitMessage })
      .default(defaultLimit),
    cursor: z
      .string()
      .transform((text, context) => {
        const position = parseCursor(text);
        if (position) return position;
        context.addIssue({ code: 'custom', message: 'expected the cursor of an earlier answer, unchanged' });
        return z.NEVER;
      })
      .optional(),
  })
  .refine(({ since, until }) => since === undefined || until === undefined || since <= until, {
    path: ['since'],
    error: 'expected a time that is not after until',
  });

/**
 * Reads the query of `GET /api/outcomes`: every fault at once, each with its field. An empty field counts as left out. `probe` may be
 * given more than once or as a list with commas; default: all known probes.
 */
export function parseOutcomeQuery(search: URLSearchParams, knownProbes: readonly string[]): ParsedOutcomeQuery {
  const asked = search
    .getAll('probe')
    .flatMap((list) => list.split(','))
    .filter((name) => name !== '');
  const unknown = asked.find((name) => !knownProbes.includes(name));
  const parsed = querySchema.safeParse(Object.fromEntries([...search].filter(([, value]) => value !== '')));
  const faults = [...unknownFields(search), ...(parsed.error?.issues ?? []).map(faultOf)];
  if (!parsed.success || faults.length > 0) return { kind: 'invalid', faults };
  if (unknown !== undefined) {
    const message = `no probe is called ${JSON.stringify(unknown.slice(0, 64))}: expected one of ${knownProbes.join(', ')}`;
    return { kind: 'unknownProbe', probe: unknown, message };
  }
  const { since, until, verdict, location, limit, cursor } = parsed.data;
  const probes = asked.length > 0 ? [...new Set(asked)] : knownProbes;
  const locations = location === undefined ? undefined : [location];
  return { kind: 'query', query: { probes, sinceMs: since, untilMs: until, verdict, locations, limit, after: cursor } };
}

function unknownFields(search: URLSearchParams): QueryFault[] {
  const known: readonly string[] = [...fields, ...platformFields];
  return [...new Set(search.keys())]
    .filter((field) => !known.includes(field))
    .map((field) => ({ field: field.slice(0, 64), message: `unknown: expected one of ${fields.join(', ')}` }));
}

function faultOf(issue: z.core.$ZodIssue): QueryFault {
  return { field: issue.path.map(String).join('.'), message: issue.message };
}
