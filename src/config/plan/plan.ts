import type { Probe } from '../probe.ts';
import type { Settings } from '../settings.ts';
import { cadenceOf, runCounter, shortestGapSeconds } from './cadence.ts';
import { type CostItem, costsPerMonth, registrationsUsd } from './costs.ts';
import { type LongestRun, longestRunSeconds, type OutageError, type OutageLimits, outageErrors } from './outage.ts';
import { limitsWithin } from './scheduledRun.ts';
import { loadOfScopes, type ScopeLoad, sum } from './scopeLoad.ts';
import { warningsOf } from './warnings.ts';

/** What a configuration will do and cost. */
export interface Plan {
  readonly schedule: string;
  readonly location: string;
  readonly probes: readonly PlannedProbe[];
  readonly scopes: readonly ScopeLoad[];
  readonly longestRound: LongestRun;
  readonly runsPerMonth: number;
  /** Approximate, in US dollars: registrations only. */
  readonly costPerMonthUsd: number;
  /** Approximate, in US dollars: everything in one location, by purpose. */
  readonly costs: readonly CostItem[];
  readonly warnings: readonly string[];
}

export interface PlannedProbe {
  readonly name: string;
  readonly idScope: string;
  readonly registrationId: string;
  readonly attestation: string;
  readonly transport: Probe['transport'];
  readonly expects: Probe['expect']['result'];
  readonly cadence: string;
  /** In an average month. */
  readonly runsPerMonth: number;
  readonly costPerMonthUsd: number;
}

export interface PlanOptions {
  /** `LOCAL_SECRETS_FILE` supplies the secrets. */
  readonly hasLocalSecrets?: boolean;
}

/** The plan of a valid configuration: cadence, load, costs and warnings. Costs are list prices in USD. */
export function planOf(settings: Settings, probes: readonly Probe[], options: PlanOptions = {}): Plan {
  const cadence = cadenceOf(settings.probeSchedule);
  const runsOf = runCounter(cadence);
  const planned = probes.map((probe) => planProbe(probe, runsOf(probe.everyMinutes)));
  const scopes = loadOfScopes(probes, cadence);
  const runsPerMonth = sum(planned.map((probe) => probe.runsPerMonth));
  const { gapSeconds, limitSeconds, startsPerSecond } = outageLimits(settings);
  const { hasLocalSecrets = false } = options;
  return {
    schedule: settings.probeSchedule,
    location: settings.location,
    probes: planned,
    scopes,
    longestRound: { seconds: longestRunSeconds(probes, startsPerSecond, settings), limitSeconds },
    runsPerMonth,
    costPerMonthUsd: sum(planned.map((probe) => probe.costPerMonthUsd)),
    costs: costsPerMonth({ probes: probes.length, runsPerMonth, scheduledRunsPerMonth: runsOf(undefined), settings }),
    warnings: warningsOf({ settings, probes, scopes, gapSeconds, hasLocalSecrets }),
  };
}

/** Probes that can never finish within a scheduled run. */
export function planErrors(settings: Settings, probes: readonly Probe[]): readonly OutageError[] {
  return outageErrors(probes, outageLimits(settings));
}

function outageLimits({ probeSchedule, locations }: Settings): OutageLimits {
  const gapSeconds = shortestGapSeconds(cadenceOf(probeSchedule));
  const { startsPerSecond, lengthMs } = limitsWithin(gapSeconds * 1000, locations.length);
  return { gapSeconds, limitSeconds: lengthMs / 1000, startsPerSecond };
}

function planProbe(probe: Probe, runsPerMonth: number): PlannedProbe {
  return {
    name: probe.name,
    idScope: probe.idScope,
    registrationId: probe.registrationId,
    attestation: `${probe.attestation.type} ${probe.attestation.enrollment}`,
    transport: probe.transport,
    expects: probe.expect.result,
    cadence: probe.everyMinutes === undefined ? 'every scheduled run' : `every ${probe.everyMinutes} min`,
    runsPerMonth,
    costPerMonthUsd: registrationsUsd(runsPerMonth),
  };
}
