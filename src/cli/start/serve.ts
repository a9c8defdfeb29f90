import type { HostLogEntry } from '../../local/functionsHost/hostLog.ts';
import { formatOutcome, legend, outcomeOfLog } from '../outcomeLine.ts';
import type { LocalApp } from './localApp.ts';
import { configuredProbes, noProbes, runProbesNow } from './runOnce.ts';
import { isStopped } from './stopSignal.ts';

/**
 * Shows the app's URLs and what it does, until it is stopped. The status page's URL is printed as soon as it responds. An error in a probe
 * or route does not stop it.
 */
export async function serve(app: LocalApp, stopped: Promise<'stopped'>): Promise<'stopped'> {
  const { url, key, standIns } = app;
  const code = encodeURIComponent(key);
  console.log(`\nStatus page: ${url}/api/status?code=${code}\n`);
  const addresses = [...standIns, { name: 'Functions', address: `${url}/api (x-functions-key: ${key})` }];
  for (const { name, address } of addresses) console.log(`  ${name.padEnd(22)} ${address}`);
  console.log(`\nPrometheus:  ${url}/api/metrics?code=${code}`);
  console.log(`Run a probe: curl -X POST -H 'x-functions-key: ${key}' ${url}/api/probes/NAME/runs`);
  console.log(`Simulate:    npm run simulate -- --probe NAME --devices 100 --url ${url} --key ${key}`);
  console.log('Stop:        Ctrl-C');
  console.log(`\nPhases: ${legend}\n`);
  showWhatHappens(app);
  await Promise.race([firstRun(app, stopped), stopped]);
  return stopped;
}

/** Prints a line for each outcome, and for the start and end of each simulation. */
function showWhatHappens({ host }: LocalApp): void {
  const colour = process.stdout.isTTY === true && !process.env.NO_COLOR;
  host.onLog((entry) => {
    const outcome = outcomeOfLog(entry);
    const line = outcome ? formatOutcome(outcome, colour) : simulationLine(entry);
    if (line !== undefined) console.log(line);
  });
}

/** Runs every probe once at start, because the next scheduled run may be minutes away. */
async function firstRun(app: LocalApp, stopped: Promise<'stopped'>): Promise<void> {
  try {
    const probes = await configuredProbes(app);
    if (probes.length === 0) console.error(noProbes);
    await runProbesNow(app, probes);
  } catch (error) {
    if (await isStopped(stopped)) return;
    console.error(`  ! The first runs are not complete: ${error instanceof Error ? error.message : String(error)}`);
  }
}

interface SimulationLine {
  readonly event: string;
  readonly simulationId: string;
  readonly probe: string;
  readonly devices: number;
  readonly state?: string;
  readonly reason?: string;
  readonly verdicts?: Readonly<Record<string, number>>;
  readonly devicesPerSecond?: number;
}

function simulationLine({ message }: HostLogEntry): string | undefined {
  if (!message.startsWith('{')) return undefined;
  let line: Partial<SimulationLine>;
  try {
    line = JSON.parse(message);
  } catch {
    return undefined;
  }
  const what = `simulation ${line.simulationId}`;
  switch (line.event) {
    case 'simulationStarted':
      return `▸ ${what} started: ${line.devices} devices of ${line.probe}`;
    case 'simulationEnded': {
      const counts = Object.entries(line.verdicts ?? {}).filter(([, count]) => count > 0);
      const verdicts = counts.map(([verdict, count]) => `${count} ${verdict}`).join(', ');
      const rate = line.devicesPerSecond === undefined ? '' : `, ${line.devicesPerSecond.toFixed(1)} devices a second`;
      return `▪ ${what} ${line.state}: ${verdicts || 'no devices'}${rate}${line.reason ? ` (${line.reason})` : ''}`;
    }
    default:
      return undefined;
  }
}
