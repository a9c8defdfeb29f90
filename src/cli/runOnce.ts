import type { Outcome } from '../outcomes/outcome.ts';
import type { LocalApp } from './localApp.ts';
import { formatOutcome, legend } from './outcomeLine.ts';

/** Runs every probe once and prints each outcome as it comes. 0 when none is failing or unknown, 1 otherwise. */
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

export const noProbes = 'No probe is configured: PROBES or PROBES_FILE holds an empty list.';

/** The names of the probes, as the app itself has them. */
export async function configuredProbes(app: LocalApp): Promise<readonly string[]> {
  const { probes } = (await call(app, 'probes', 'GET')) as { readonly probes: readonly { readonly name: string }[] };
  return probes.map(({ name }) => name);
}

/** Runs each over HTTP, side by side, also those whose turn would be later. */
export async function runProbesNow(
  app: LocalApp,
  probes: readonly string[],
  onOutcome: (outcome: Outcome) => void = () => undefined,
): Promise<readonly Outcome[]> {
  return Promise.all(
    probes.map(async (name) => {
      const outcome = (await call(app, `probes/${name}/runs`, 'POST')) as Outcome;
      onOutcome(outcome);
      return outcome;
    }),
  );
}

async function call({ url, key }: LocalApp, path: string, method: string): Promise<unknown> {
  const response = await fetch(`${url}/api/${path}`, { method, headers: { 'x-functions-key': key } });
  if (!response.ok) throw new Error(`${method} /api/${path} answered ${response.status}: ${await response.text()}`);
  return response.json();
}
