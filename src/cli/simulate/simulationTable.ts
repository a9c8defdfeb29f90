import Table from 'cli-table3';
import { createColors } from 'picocolors';
import { type Verdict, verdicts } from '../../outcomes/outcome.ts';
import { measures } from '../../outcomes/phaseHistograms.ts';
import type { SimulationView } from '../../simulations/simulationView.ts';

/** A device's exchange has a dozen steps, and each waits for the event loop. */
const busyWorkerMs = 50;

export interface DescribeOptions {
  readonly colour: boolean;
  /** True when the workers run on this machine. */
  readonly isLocal: boolean;
}

/** The result of a simulation as text: verdicts, reasons, latencies and hubs. */
export function describeSimulation(view: SimulationView, { colour, isLocal }: DescribeOptions): string {
  const { id, state, reason, probe, devices, devicesPerSecond, pace } = view;
  const colours = createColors(colour);
  const paint: { readonly [verdict in Verdict]: (text: string) => string } = {
    healthy: colours.green,
    degraded: colours.yellow,
    failing: colours.red,
    unknown: colours.magenta,
  };
  const table = (head: readonly string[], rows: readonly (readonly string[])[]) => {
    const drawn = new Table({
      head: [...head],
      style: { compact: true, head: [], border: colour ? ['gray'] : [] },
      colAligns: head.map((_, column) => (column === 0 ? 'left' : 'right')),
    });
    drawn.push(...rows.map((row) => [...row]));
    return drawn.toString();
  };
  const overloaded = isLocal ? 'This machine was overloaded' : 'The workers were overloaded';
  const share = (count: number) => `${((count / devices) * 100).toFixed(1)} %`;
  const counted = verdicts.filter((verdict) => view.verdicts[verdict] > 0);
  const ran = view.percentiles.total?.count ?? 0;
  const sections = [
    `${colours.bold(`Simulation ${id}`)} ${state}: ${devices} devices of ${probe}` +
      (devicesPerSecond === undefined ? '' : `, ${devicesPerSecond} per second`) +
      (reason === undefined ? '' : `\n${reason}`) +
      (pace.throttled > 0
        ? `\nThe service responded with 429 (too many requests) ${pace.throttled} times; the rate was lowered to ${pace.lowestRatePerSecond.toFixed(1)} per second.`
        : '') +
      ((view.workerDelayMs ?? 0) > busyWorkerMs
        ? `\n${overloaded} (event-loop delay ${view.workerDelayMs} ms), so the latencies are too high. Use a lower --rate.`
        : '') +
      (view.tlsSessionsReused > 0 ? `\n${view.tlsSessionsReused} TLS sessions were resumed.` : ''),
    table(
      ['verdict', 'devices', 'share'],
      [
        ...counted.map((verdict) => [paint[verdict](verdict), view.verdicts[verdict]] as const),
        ...(view.cancelled > 0 ? [['cancelled', view.cancelled] as const] : []),
      ].map(([row, count]) => [row, String(count), share(count)]),
    ),
  ];
  for (const { verdict, reason: code, count, examples } of view.reasons) {
    const lines = examples.map(({ registrationId, text }) => `  ${registrationId}: ${text}`);
    sections.push([paint[verdict](`${verdict} ${count} × ${code}`), ...lines].join('\n'));
  }
  if (ran > 0) {
    const rows = measures.flatMap((measure) => {
      const values = view.percentiles[measure];
      if (!values) return [];
      return [[measure, ...[values.p50, values.p90, values.p95, values.p99, values.max].map(inMilliseconds)]];
    });
    sections.push(table(['phase (ms)', 'p50', 'p90', 'p95', 'p99', 'max'], rows));
  }
  const hubs = Object.entries(view.hubs);
  if (hubs.length > 0)
    sections.push(
      table(
        ['hub', 'devices', 'share'],
        hubs.map(([hub, count]) => [hub, String(count), share(count)]),
      ),
    );
  return sections.join('\n');
}

function inMilliseconds(value: number): string {
  return value < 10 ? value.toFixed(1) : value.toFixed(0);
}
