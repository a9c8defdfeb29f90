import type { Probe } from '../probe.ts';
import type { Cadence } from './cadence.ts';

/** Published limit of DPS: registrations per minute and service, shared with the real devices. */
const registrationsPerMinuteLimit = 1000;

/** The share of a DPS instance's limit that its probes use in the minute in which they all run. */
export interface ScopeLoad {
  readonly idScope: string;
  readonly registrationsInBusiestMinute: number;
  /** 1 is the limit; may be more. */
  readonly shareOfLimit: number;
}

/** For each ID scope, the registrations in the busiest minute, if all probes are due in it. */
export function loadOfScopes(probes: readonly Probe[], { secondsOfMinute }: Cadence): readonly ScopeLoad[] {
  return [...Map.groupBy(probes, ({ idScope }) => idScope)].map(([idScope, ofScope]) => {
    const registrations = sum(
      ofScope.map(({ everyMinutes }) => (everyMinutes === undefined ? secondsOfMinute.length : 1)),
    );
    return {
      idScope,
      registrationsInBusiestMinute: registrations,
      shareOfLimit: registrations / registrationsPerMinuteLimit,
    };
  });
}

export function sum(values: readonly number[]): number {
  return values.reduce((total, one) => total + one, 0);
}
