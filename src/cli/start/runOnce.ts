import { setTimeout } from 'node:timers/promises';
import type { Probe } from '../../config/probe.ts';
import { deviceOf } from '../../config/registrationId.ts';
import type { Outcome } from '../../outcomes/outcome.ts';
import { formatOutcome, legend } from '../outcomeLine.ts';
import type { LocalApp } from './localApp.ts';

/** Runs every probe once and prints each outcome. Returns 0 when none is failing or unknown, otherwise 1. */
export async function runOnce(app: LocalApp, json: boolean): Promise<0 | 1> {
  const colour = process.stdout.isTTY === true && !process.env.NO_COLOR;
  const probes = await configuredProbes(app);
  if (probes.length === 0) console.error(noProbes);
  if (!json) console.log(`Phases: ${legend}\n`);
  const outcomes = await runProbesNow(app, probes, (outcome) => {
    console.log(json ? JSON.stringify(outcome) : formatOutcome(outcome, colour));
  });
  return outcomes.some(({ verdict }) => verdict === 'failing' || verdict === 'unknown') ? 1 : 0;
}

export const noProbes = 'No probe is configured: PROBES or PROBES_FILE is an empty list.';

/** A probe as the app returns it. */
type ConfiguredProbe = Pick<Probe, 'name' | 'idScope' | 'registrationId'>;

export async function configuredProbes(app: LocalApp): Promise<readonly ConfiguredProbe[]> {
  const { probes } = (await call(app, 'probes', 'GET')) as { readonly probes: readonly ConfiguredProbe[] };
  return probes;
}

/** Runs each probe over HTTP, also those that are not due. Different devices run in parallel, probes of one device one after the other. */
export async function runProbesNow(
  app: LocalApp,
  probes: readonly ConfiguredProbe[],
  onOutcome: (outcome: Outcome) => void = () => undefined,
): Promise<readonly Outcome[]> {
  const devices = Map.groupBy(probes, deviceOf);
  const outcomes = await Promise.all(
    [...devices.values()].map(async (ofOneDevice) => {
      const ofDevice: Outcome[] = [];
      for (const { name } of ofOneDevice) {
        const outcome = await runNow(app, name);
        onOutcome(outcome);
        ofDevice.push(outcome);
      }
      return ofDevice;
    }),
  );
  return outcomes.flat();
}

/** Tries again while another process runs the device, because the app has no queue. */
async function runNow(app: LocalApp, name: string): Promise<Outcome> {
  for (;;) {
    const response = await request(app, `probes/${name}/runs`, 'POST');
    if (response.status !== 409) return (await contentOf(response)) as Outcome;
    const seconds = Number(response.headers.get('retry-after') ?? 1);
    await setTimeout(Math.min(seconds * 1000, maxPauseMs));
  }
}

/** Retry-After is the run's timeout at most, but most runs end in less than a second. */
const maxPauseMs = 1_000;

async function call(app: LocalApp, path: string, method: string): Promise<unknown> {
  return contentOf(await request(app, path, method));
}

function request({ url, key }: LocalApp, path: string, method: string): Promise<Response> {
  return fetch(`${url}/api/${path}`, { method, headers: { 'x-functions-key': key } });
}

async function contentOf(response: Response): Promise<unknown> {
  if (!response.ok) throw new Error(`${response.url} responded ${response.status}: ${await response.text()}`);
  return response.json();
}
