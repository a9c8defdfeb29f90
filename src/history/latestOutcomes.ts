import type { Outcome } from '../outcomes/outcome.ts';
import { describeStorageError } from '../storage/describeStorageError.ts';
import type { OutcomeHistory } from './history.ts';

export interface LatestOutcomes {
  /** By probe name, without probes that have not run yet. */
  readonly latest: ReadonlyMap<string, Outcome>;
  /** A sentence: why there are none. */
  readonly error?: string;
}

const timeoutMs = 5_000;

/** Reads the last outcome of each probe in parallel. Never rejects. */
export async function latestOutcomes(
  probes: readonly { readonly name: string }[],
  history: Pick<OutcomeHistory, 'latest'> | undefined,
): Promise<LatestOutcomes> {
  if (!history)
    return { latest: new Map(), error: 'no storage is configured: set OutcomesStorage or AzureWebJobsStorage' };
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    const found = await Promise.all(probes.map(({ name }) => history.latest(name, signal)));
    return {
      latest: new Map(found.filter((outcome) => outcome !== undefined).map((outcome) => [outcome.probe, outcome])),
    };
  } catch (error) {
    return { latest: new Map(), error: describeStorageError(error) };
  }
}
