/** `npm run simulate`: an on-demand simulation from the terminal, against a deployed app or the stand-ins of this machine. */
import { availableParallelism } from 'node:os';
import { resolvePathSettings } from './callerPaths.ts';
import { readSimulateArguments, type SimulateArguments, simulateUsage } from './simulate/simulateArguments.ts';
import { createSimulationClient, type SimulationClient, SimulationRefused } from './simulate/simulationClient.ts';
import { showProgress } from './simulate/simulationProgress.ts';
import { describeSimulation } from './simulate/simulationTable.ts';
import type { LocalApp } from './start/localApp.ts';
import { exitCodes, wrongUsage } from './usage.ts';

const pollEveryMs = 500;
/** Registrations per second and core: the app, its storage and the DPS stand-in share this machine. */
const localRatePerCore = 15;
const maxLocalRate = 100;

async function main(): Promise<number> {
  const args = readSimulateArguments(process.argv.slice(2));
  if (args === 'help') {
    console.log(simulateUsage);
    return exitCodes.success;
  }
  if (typeof args === 'string') {
    console.error(wrongUsage(args, 'npm run simulate'));
    return exitCodes.usage;
  }
  resolvePathSettings();
  let local: LocalApp | undefined;
  try {
    if (!args.url) {
      const error = await localProbeError(args.request.probe);
      if (error !== undefined) {
        console.error(error);
        return exitCodes.usage;
      }
      console.error('Starting the stand-ins of this machine. Use --url and --key to simulate against a deployed app.');
      const { reportHostErrors, startLocalApp } = await import('./start/localApp.ts');
      local = await startLocalApp({ port: 0, timers: false }); // no probes in between
      reportHostErrors(local);
    }
    const target = local ?? { url: args.url ?? '', key: args.key ?? '', serviceLimits: true };
    return await simulate(args, createSimulationClient(target.url, target.key), {
      serviceLimits: target.serviceLimits,
      isLocal: local !== undefined,
    });
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    return error instanceof SimulationRefused ? exitCodes.usage : exitCodes.failure;
  } finally {
    await local?.close();
  }
}

/** Checks the probes that the local app will have. Undefined: no error is known before it starts. */
async function localProbeError(name: string): Promise<string | undefined> {
  const groups = await localGroupProbes();
  if (groups === undefined || groups.includes(name)) return undefined;
  const known = groups.length === 0 ? 'none is configured' : `those are ${groups.join(', ')}`;
  return `--probe: expected a configured probe with a group enrollment (${known}), got ${JSON.stringify(name)}`;
}

async function localGroupProbes(): Promise<readonly string[] | undefined> {
  const [{ configuration }, { sampleProbes }, { probeSchema }] = await Promise.all([
    import('../config/configuration.ts'),
    import('../local/samples.ts'),
    import('../config/probe.ts'),
  ]);
  const isGroup = ({ attestation }: { readonly attestation: { readonly enrollment: string } }) =>
    attestation.enrollment === 'group';
  if (process.env.PROBES === undefined && process.env.PROBES_FILE === undefined) {
    const samples = sampleProbes('localhost:8883', 'localhost').map((probe) => probeSchema.parse(probe));
    return samples.filter(isGroup).map(({ name }) => name);
  }
  const configured = configuration();
  return configured.kind === 'valid' ? configured.probes.filter(isGroup).map(({ name }) => name) : undefined;
}

interface SimulateTarget {
  /** False for the stand-in, which needs no limit. */
  readonly serviceLimits: boolean;
  readonly isLocal: boolean;
}

async function simulate(
  args: SimulateArguments,
  client: SimulationClient,
  { serviceLimits, isLocal }: SimulateTarget,
): Promise<number> {
  const ratePerSecond = Math.min(maxLocalRate, localRatePerCore * availableParallelism());
  const unlimited = serviceLimits ? {} : { allowAboveServiceLimits: true, ratePerSecond };
  const started = await client.start({ ...unlimited, ...args.request });
  const interrupted = cancelOnInterrupt(started.id, client);
  const progress = showProgress(started);
  let { view, ended } = { view: started, ended: false };
  while (!ended) {
    await new Promise((resume) => setTimeout(resume, pollEveryMs));
    ({ view, ended } = await client.read(started.id));
    progress.update(view);
  }
  progress.end();
  interrupted.forget();
  if (args.out) {
    const { writeResult } = await import('./simulate/simulationResult.ts');
    await writeResult(args.out, view, () => client.outcomes(view.id));
    console.error(`The result is in ${args.out.file}.`);
  }
  const colour = process.stdout.isTTY === true && !process.env.NO_COLOR;
  console.log(args.json ? JSON.stringify(view) : describeSimulation(view, { colour, isLocal }));
  if (serviceLimits && view.percentiles.total) {
    const { deleteCommands } = await import('./simulate/simulationResult.ts');
    console.error(`\nDPS and the hub keep these devices. To delete them:\n${deleteCommands(view)}`);
  }
  const healthy = view.state === 'finished' && view.verdicts.healthy === view.devices;
  return healthy ? exitCodes.success : exitCodes.failure;
}

/** The first Ctrl-C cancels the simulation and waits for running devices; the second quits at once. */
function cancelOnInterrupt(id: string, client: SimulationClient): { readonly forget: () => void } {
  let isCancelling = false;
  const onInterrupt = () => {
    if (isCancelling) process.exit(exitCodes.failure);
    isCancelling = true;
    console.error(
      '\nCancelling: no more devices will start; waiting for running ones. Press Ctrl-C again to quit now.',
    );
    client.cancel(id).then(
      () => console.error(`Simulation ${id} is cancelled.`),
      (error: unknown) => {
        console.error(
          `Simulation ${id} could not be cancelled: ${error instanceof Error ? error.message : String(error)}`,
        );
        process.exit(exitCodes.failure);
      },
    );
  };
  process.on('SIGINT', onInterrupt).on('SIGTERM', onInterrupt);
  return { forget: () => process.off('SIGINT', onInterrupt).off('SIGTERM', onInterrupt) };
}

process.exitCode = await main();
