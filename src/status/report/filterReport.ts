import { type ProbeReport, type ProbeState, type StatusReport, worstState } from './statusReport.ts';

export interface ReportFilter {
  readonly tag?: string | undefined;
  readonly location?: string | undefined;
}

/** The report for the probes with this tag and at this location; default: all. */
export function filterReport(report: StatusReport, { tag, location }: ReportFilter): StatusReport {
  if (tag === undefined && location === undefined) return report;
  const probes = report.probes.filter(
    (probe) =>
      (tag === undefined || probe.tags.includes(tag)) && (location === undefined || probe.location === location),
  );
  const names = new Set(probes.map(({ name }) => name));
  const correlations = report.correlations.filter((correlation) => correlation.probes.every((name) => names.has(name)));
  return { ...report, probes, correlations };
}

/** A value that a reader can filter by, with the worst state of its probes. */
export interface FilterChoice {
  readonly value: string;
  readonly probes: number;
  readonly state: ProbeState;
}

export function tagsOf(report: StatusReport): readonly FilterChoice[] {
  return choices(report, ({ tags }) => tags);
}

export function locationsOf(report: StatusReport): readonly FilterChoice[] {
  return choices(report, ({ location }) => [location]);
}

/** In alphabetical order. */
function choices(report: StatusReport, valuesOf: (probe: ProbeReport) => readonly string[]): readonly FilterChoice[] {
  const values = new Set(report.probes.flatMap(valuesOf));
  return [...values].sort().map((value) => {
    const probes = report.probes.filter((probe) => valuesOf(probe).includes(value));
    return { value, probes: probes.length, state: worstState(report, probes) };
  });
}

/** One probe of the report, at this location; without a location, preferably at the app's own. */
export function findProbe(report: StatusReport, name: string, location?: string): ProbeReport | undefined {
  const named = report.probes.filter((probe) => probe.name === name);
  if (location !== undefined) return named.find((probe) => probe.location === location);
  return named.find((probe) => probe.location === report.location) ?? named[0];
}
