import type { Outcome } from '../outcomes/outcome.ts';
import type { LocalApp } from './localApp.ts';
import { formatOutcome, legend } from './outcomeLine.ts';

/** Runs every probe once over HTTP, side by side, and prints each outcome as it comes. 0 when none is failing or unknown, 1 otherwise. */
export async function runOnce(app: LocalApp, json: boolean): Promise<0 | 1> {
  const colour = process.stdout.isTTY === true && !process.env.NO_COLOR;
  if (!json) console.log(`Phases: ${legend}\n`);
  const outcomes = await Promise.all(
    (await configuredProbes(app)).map(async (name) => {
      const outcome = (await call(app, `probes/${name}/runs`, 'POST')) as Outcome;
      console.log(json ? JSON.stringify(outcome) : formatOutcome(outcome, colour));
      return outcome;
    }),
  );
  return outcomes.some(({ verdict }) => verdict === 'failing' || verdict === 'unknown') ? 1 : 0;
}

/** The names of the probes, as the app itself has them. */
export async function configuredProbes(app: LocalApp): Promise<readonly string[]> {
  const { probes } = (await call(app, 'probes', 'GET')) as { readonly probes: readonly { readonly name: string }[] };
  return probes.map(({ name }) => name);
}

async function call({ url, key }: LocalApp, path: string, method: string): Promise<unknown> {
  const response = await fetch(`${url}/api/${path}`, { method, headers: { 'x-functions-key': key } });
  if (!response.ok) throw new Error(`${method} /api/${path} answered ${response.status}: ${await response.text()}`);
  return response.json();
}
