import { type Cadence, cadenceOf, runsPerMonth, shortestGapMinutes } from './cadence.ts';
import { warningsOfCertificates } from './certificateWarnings.ts';
import type { Probe } from './probe.ts';
import type { Settings } from './settings.ts';

/** Published limit of DPS: registrations a minute and service, shared with the real devices. */
const registrationsPerMinuteLimit = 1000;

/** What probes may take of it without a warning. */
const unremarkableShare = 0.01;

/** About; a registration is a billed operation, a status query is not. */
const usdPerThousandRegistrations = 0.123;

/** What a configuration comes to, before it runs. */
export interface Plan {
  readonly schedule: string;
  readonly location: string;
  readonly probes: readonly PlannedProbe[];
  readonly scopes: readonly ScopeLoad[];
  readonly runsPerMonth: number;
  /** About, in US dollars: registrations only. */
  readonly costPerMonthUsd: number;
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
  /** Of an average month. */
  readonly runsPerMonth: number;
  readonly costPerMonthUsd: number;
}

/** What the probes of one DPS instance take of its limit in the minute in which they all run. */
export interface ScopeLoad {
  readonly idScope: string;
  readonly registrationsInBusiestMinute: number;
  /** 0 to 1 and more. */
  readonly shareOfLimit: number;
}

export function planOf(settings: Settings, probes: readonly Probe[]): Plan {
  const cadence = cadenceOf(settings.probeSchedule);
  const planned = probes.map((probe) => planProbe(probe, cadence));
  const scopes = loadOfScopes(probes, cadence);
  return {
    schedule: settings.probeSchedule,
    location: settings.location,
    probes: planned,
    scopes,
    runsPerMonth: sum(planned.map((probe) => probe.runsPerMonth)),
    costPerMonthUsd: sum(planned.map((probe) => probe.costPerMonthUsd)),
    warnings: [
      ...warningsOfSettings(settings, probes),
      ...warningsOfScopes(scopes, probes),
      ...probes.flatMap((probe) => warningsOfCadence(probe, cadence)),
      ...warningsOfCertificates(probes),
    ],
  };
}

function planProbe(probe: Probe, cadence: Cadence): PlannedProbe {
  const runs = runsPerMonth(cadence, probe.everyMinutes);
  return {
    name: probe.name,
    idScope: probe.idScope,
    registrationId: probe.registrationId,
    attestation: `${probe.attestation.type} ${probe.attestation.enrollment}`,
    transport: probe.transport,
    expects: probe.expect.result,
    cadence: probe.everyMinutes === undefined ? 'each tick' : `every ${probe.everyMinutes} min`,
    runsPerMonth: runs,
    costPerMonthUsd: (runs * usdPerThousandRegistrations) / 1000,
  };
}

function loadOfScopes(probes: readonly Probe[], { ticksPerMinute }: Cadence): readonly ScopeLoad[] {
  return [...Map.groupBy(probes, ({ idScope }) => idScope)].map(([idScope, ofScope]) => {
    const registrations = sum(ofScope.map(({ everyMinutes }) => (everyMinutes === undefined ? ticksPerMinute : 1)));
    return {
      idScope,
      registrationsInBusiestMinute: registrations,
      shareOfLimit: registrations / registrationsPerMinuteLimit,
    };
  });
}

function warningsOfSettings(settings: Settings, probes: readonly Probe[]): readonly string[] {
  return [
    probes.length === 0 && 'No probes: set PROBES or PROBES_FILE, or nothing is watched.',
    settings.keyVaultUrl === undefined &&
      'KEY_VAULT_URL is not set: no credential can be read, and every probe ends as unknown.',
    settings.outcomesStorage === undefined &&
      'Neither OutcomesStorage nor AzureWebJobsStorage is set: outcomes are not kept, and the status page stays empty.',
    settings.applicationInsights === undefined &&
      'APPLICATIONINSIGHTS_CONNECTION_STRING is not set: no availability results, and no alerts on them.',
  ].filter((warning) => warning !== false);
}

function warningsOfScopes(scopes: readonly ScopeLoad[], probes: readonly Probe[]): readonly string[] {
  const heavy = scopes
    .filter(({ shareOfLimit }) => shareOfLimit > unremarkableShare)
    .map(
      ({ idScope, registrationsInBusiestMinute }) =>
        `${idScope}: ${registrationsInBusiestMinute} registrations in one minute are more than 1 % of what the service takes from all devices together. Give some probes an everyMinutes.`,
    );
  const neverRefusing = scopes
    .filter(({ idScope }) => probes.every((probe) => probe.idScope !== idScope || probe.expect.result !== 'refused'))
    .map(
      ({ idScope }) =>
        `${idScope}: no probe expects to be refused, so nobody would notice a service that lets everybody in.`,
    );
  return [...heavy, ...neverRefusing];
}

function warningsOfCadence({ name, everyMinutes, timeoutSeconds }: Probe, cadence: Cadence): readonly string[] {
  const gap = shortestGapMinutes(cadence);
  const warnings: string[] = [];
  if (timeoutSeconds > gap * 60) {
    warnings.push(
      `${name}: a run may take ${timeoutSeconds} s, longer than from tick to tick; the host then skips ticks.`,
    );
  }
  if (everyMinutes !== undefined && everyMinutes < gap) {
    warnings.push(
      `${name}: runs less often than every ${everyMinutes} minutes, because PROBE_SCHEDULE ticks at most every ${gap}.`,
    );
  }
  if (everyMinutes !== undefined && everyMinutes > gap && gap > 0 && everyMinutes % gap !== 0) {
    warnings.push(
      `${name}: its runs are unevenly spaced, because everyMinutes ${everyMinutes} is no multiple of the ${gap} between ticks.`,
    );
  }
  return warnings;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, one) => total + one, 0);
}
