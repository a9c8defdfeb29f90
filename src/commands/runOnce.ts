import type { ForkedFunctionsHost } from '../local/functionsHost/forkFunctionsHost.ts';
import type { Outcome } from '../outcomes/outcome.ts';
import { formatOutcome, legend } from './outcomeLine.ts';

export interface OnceOptions {
  readonly host: ForkedFunctionsHost;
  readonly functionKey: string;
  readonly json: boolean;
}

/** Runs every probe once over HTTP, side by side, and prints each outcome as it comes. 0 when none is failing or unknown, 1 otherwise. */
export async function runOnce({ host, functionKey, json }: OnceOptions): Promise<0 | 1> {
  const call = async (path: string, method: string): Promise<Response> => {
    const response = await fetch(`${host.url}/api/${path}`, { method, headers: { 'x-functions-key': functionKey } });
    if (!response.ok) throw new Error(`${method} /api/${path} answered ${response.status}: ${await response.text()}`);
    return response;
  };
  const { probes } = (await (await call('probes', 'GET')).json()) as {
    readonly probes: readonly { readonly name: string }[];
  };
  const colour = process.stdout.isTTY === true && !process.env.NO_COLOR;
  if (!json) console.log(`Phases: ${legend}\n`);
  const outcomes = await Promise.all(
    probes.map(async ({ name }) => {
      const outcome = (await (await call(`probes/${name}/runs`, 'POST')).json()) as Outcome;
      console.log(json ? JSON.stringify(outcome) : formatOutcome(outcome, colour));
      return outcome;
    }),
  );
  return outcomes.some(({ verdict }) => verdict === 'failing' || verdict === 'unknown') ? 1 : 0;
}
