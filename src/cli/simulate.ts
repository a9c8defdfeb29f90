/** `npm run simulate`: an on-demand simulation from the terminal, against a deployed app or the stand-ins of this machine. */
import type { LocalApp } from './localApp.ts';
import { readSimulateArguments, type SimulateArguments, simulateUsage } from './simulateArguments.ts';
import { createSimulationClient, type SimulationClient, SimulationRefused } from './simulationClient.ts';
import { showProgress } from './simulationProgress.ts';
import { describeSimulation } from './simulationTable.ts';

const exitCodes = { success: 0, failure: 1, usage: 2 } as const;
const pollEveryMs = 500;

async function main(): Promise<number> {
  const args = readSimulateArguments(process.argv.slice(2));
  if (args === 'help') {
    console.log(simulateUsage);
    return exitCodes.success;
  }
  if (typeof args === 'string') {
    console.error(`${args}\n\n${simulateUsage}`);
    return exitCodes.usage;
  }
  let local: LocalApp | undefined;
  try {
    if (!args.url) {
      console.error('Starting the stand-ins of this machine; --url and --key simulate against a deployed app.');
      const { reportHostFaults, startLocalApp } = await import('./localApp.ts');
      local = await startLocalApp({ port: 0, timers: false }); // who simulates wants no probes in between
      reportHostFaults(local);
    }
    const target = local ?? { url: args.url ?? '', key: args.key ?? '', serviceLimits: true };
    return await simulate(args, createSimulationClient(target.url, target.key), target.serviceLimits);
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    return error instanceof SimulationRefused ? exitCodes.usage : exitCodes.failure;
  } finally {
    await local?.close();
  }
}

/** Where nobody but our own stand-in is asked, the service's limit would only make people wait. */
const withoutServiceLimits = { ratePerSecond: 100, allowAboveServiceLimits: true };

async function simulate(args: SimulateArguments, client: SimulationClient, serviceLimits: boolean): Promise<number> {
  const pace = serviceLimits || args.request.ratePerSecond !== undefined ? {} : withoutServiceLimits;
  const allowed = serviceLimits ? {} : { allowAboveServiceLimits: true };
  const started = await client.start({ ...allowed, ...pace, ...args.request });
  const interrupted = cancelOnInterrupt(started.id, client);
  const progress = showProgress(started);
  let { view, ended } = { view: started, ended: false };
  while (!ended) {
    await new Promise((resume) => setTimeout(resume, pollEveryMs));
    ({ view, ended } = await client.look(started.id));
    progress.update(view);
  }
  progress.end();
  interrupted.forget();
  console.log(
    args.json ? JSON.stringify(view) : describeSimulation(view, process.stdout.isTTY === true && !process.env.NO_COLOR),
  );
  const healthy = view.state === 'finished' && view.verdicts.healthy === view.devices;
  return healthy ? exitCodes.success : exitCodes.failure;
}

/** The first Ctrl-C cancels the simulation and waits for those under way; the second one leaves at once. */
function cancelOnInterrupt(id: string, client: SimulationClient): { readonly forget: () => void } {
  let asked = false;
  const onInterrupt = () => {
    if (asked) process.exit(exitCodes.failure);
    asked = true;
    console.error(
      '\nCancelling: nobody else starts, and those under way come to their end. Ctrl-C again leaves without waiting.',
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
