import type { Settings } from '../settings.ts';

/** The approximate cost of one part of a deployment in an average month. */
export interface CostItem {
  readonly item: string;
  readonly usdPerMonth: number;
}

/**
 * List prices in US dollars, as docs/cost.md explains them. They differ by region and change: an estimate, not an invoice. A registration
 * is a billed operation, a status query is not.
 */
const usdPerThousandRegistrations = 0.123;
const usdPerGigabyteOfTelemetry = 2.76;
const telemetryBytesPerRun = 2500;
const usdOfAlertRules = 8;
const usdOfAlertsPerProbe = 0.5;
const usdPerAlwaysReadyGigabyteSecond = 0.000_004;
const usdPerExecutionGigabyteSecond = 0.000_016;
/** The template's default instance size, and how long a scheduled run takes while the service is healthy. */
const instanceGigabytes = 0.5;
const secondsPerScheduledRun = 5;
const usdOfStorage = 1;
const secondsPerMonth = (365.25 / 12) * 86_400;

export interface CostInput {
  readonly probes: number;
  readonly runsPerMonth: number;
  readonly scheduledRunsPerMonth: number;
  readonly settings: Settings;
}

/** The price of this number of registrations. */
export function registrationsUsd(runs: number): number {
  return (runs * usdPerThousandRegistrations) / 1000;
}

/** The costs of the deployed app in one location, without parts that the settings turn off. */
export function costsPerMonth({
  probes,
  runsPerMonth,
  scheduledRunsPerMonth,
  settings,
}: CostInput): readonly CostItem[] {
  const telemetry = (runsPerMonth * telemetryBytesPerRun * usdPerGigabyteOfTelemetry) / 1e9;
  const executions = scheduledRunsPerMonth * secondsPerScheduledRun * instanceGigabytes * usdPerExecutionGigabyteSecond;
  return [
    { item: 'DPS registrations', usdPerMonth: registrationsUsd(runsPerMonth) },
    ...(settings.applicationInsights === undefined
      ? []
      : [
          { item: 'telemetry', usdPerMonth: telemetry },
          { item: 'alert rules', usdPerMonth: usdOfAlertRules + usdOfAlertsPerProbe * probes },
        ]),
    {
      item: 'always-ready instance, 512 MB',
      usdPerMonth: secondsPerMonth * instanceGigabytes * usdPerAlwaysReadyGigabyteSecond,
    },
    { item: 'executions, 512 MB', usdPerMonth: executions },
    ...(settings.outcomesStorage === undefined ? [] : [{ item: 'storage, at most', usdPerMonth: usdOfStorage }]),
  ];
}
