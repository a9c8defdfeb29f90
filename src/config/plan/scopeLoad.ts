import type { Probe } from '../probe.ts';
import type { Cadence } from './cadence.ts';

/** Published limit of DPS: registrations a minute and service, shared with the real devices. */
const registrationsPerMinuteLimit = 1000;

/** What the probes of one DPS instance take of its limit in the minute in which they all run. */
export interface ScopeLoad {
  readonly idScope: string;
  readonly registrationsInBusiestMinute: number;
  /** 0 to 1 and more. */
  readonly shareOfLimit: number;
}

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

function sum(values: readonly number[]): number {
  return values.reduce((total, one) => total + one, 0);
}
