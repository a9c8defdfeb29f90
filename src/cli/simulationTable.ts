import Table from 'cli-table3';
import { createColors } from 'picocolors';
import { type Verdict, verdicts } from '../outcomes/outcome.ts';
import { measures } from '../outcomes/phaseHistograms.ts';
import type { SimulationView } from '../simulations/simulationView.ts';

/** A device's exchange is a dozen steps, each of which waits for the event loop. */
const busyWorkerMs = 50;

/** The result of a simulation for people: verdicts, why, where the time went, and which hubs. */
export function describeSimulation(view: SimulationView, colour: boolean): string {
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
  const share = (count: number) => `${((count / devices) * 100).toFixed(1)} %`;
  const counted = verdicts.filter((verdict) => view.verdicts[verdict] > 0);
  const ran = view.percentiles.total?.count ?? 0;
  const sections = [
    `${colours.bold(`Simulation ${id}`)} ${state}: ${devices} devices of ${probe}` +
      (devicesPerSecond === undefined ? '' : `, ${devicesPerSecond} a second`) +
      (reason === undefined ? '' : `\n${reason}`) +
      (pace.throttled > 0
        ? `\n429 was answered ${pace.throttled} times; the rate went down to ${pace.lowestRatePerSecond.toFixed(1)} a second.`
        : '') +
      ((view.workerDelayMs ?? 0) > busyWorkerMs
        ? `\nThe workers were busy (event loop delay ${view.workerDelayMs} ms): latencies say as much about them as about the service.`
        : '') +
      (view.tlsSessionsReused > 0 ? `\n${view.tlsSessionsReused} TLS sessions were resumed.` : ''),
    table(
      ['verdict', 'devices', 'share'],
      counted.map((verdict) => [
        paint[verdict](verdict),
        String(view.verdicts[verdict]),
        share(view.verdicts[verdict]),
      ]),
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
