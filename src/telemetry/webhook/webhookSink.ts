import type { SecretResult } from '../../keyvault/secretResult.ts';
import { explainUnreadableSecret } from '../../outcomes/explanations/notRun.ts';
import type { Outcome } from '../../outcomes/outcome.ts';
import { reasonCode } from '../../outcomes/reasonCode.ts';
import type { OutcomeSink } from '../../outcomes/recordOutcome.ts';
import type { Table } from '../../storage/table.ts';
import { deliver } from './deliver.ts';
import { type Claimed, claimChange, markDelivered, markFailed } from './stateChanges.ts';

/** Names of Key Vault secrets: a URL that contains a token is a secret. */
export interface Webhook {
  /** The secret with the https URL. */
  readonly urlSecret: string;
  /** The secret with the key of the signature. Absent: requests are not signed. */
  readonly keySecret?: string | undefined;
}

export interface WebhookSinkOptions extends Webhook {
  readonly readSecret: (name: string, signal: AbortSignal) => Promise<SecretResult>;
  /** The delivered states, shared by all processes, so that a change is posted once. */
  readonly states: Table;
}

/** The body of a request. */
export interface StateChange {
  readonly event: 'probe.stateChanged';
  /** One sentence, for channels that show `text` as it is. */
  readonly text: string;
  readonly probe: string;
  readonly location: string;
  /** Null: this was the first run of the probe at this location. */
  readonly from: Outcome['verdict'] | null;
  readonly to: Outcome['verdict'];
  /** ISO 8601: the start of the run that saw the change. */
  readonly at: string;
  readonly runId: string;
  readonly registrationId: string;
  readonly reason: string;
  readonly reasons: readonly string[];
}

const secretTimeoutMs = 5_000;

/**
 * Posts a change of a probe's verdict, once over all processes. A failed delivery is an error of this sink, and the next run with the same
 * verdict tries again.
 */
export function webhookSink({ urlSecret, keySecret, readSecret, states }: WebhookSinkOptions): OutcomeSink {
  async function readText(name: string): Promise<string> {
    const secret = await readSecret(name, AbortSignal.timeout(secretTimeoutMs));
    if (secret.kind === 'found') return secret.value.trim();
    const { next } = explainUnreadableSecret(secret);
    throw new Error(`${secret.message}. Next: ${next}`);
  }

  async function post(outcome: Outcome, from: Claimed['from']): Promise<void> {
    const [url, key] = await Promise.all([readText(urlSecret), keySecret ? readText(keySecret) : undefined]);
    await deliver(JSON.stringify(describeChange(outcome, from)), { url, urlSecret, key });
  }

  return {
    name: 'webhook',
    async write(outcome) {
      const claimed = await claimChange(states, outcome);
      if (!claimed) return;
      try {
        await post(outcome, claimed.from);
      } catch (error) {
        // For the page. If the storage is not available either, the error of the delivery is reported.
        await markFailed(states, claimed, error instanceof Error ? error.message : String(error)).catch(
          () => undefined,
        );
        throw error;
      }
      await markDelivered(states, claimed);
    },
  };
}

function describeChange(outcome: Outcome, from: StateChange['from']): StateChange {
  const { probe, location, verdict, startedAt, runId, registrationId, reasons } = outcome;
  const was = from === null ? '' : `, was ${from}`;
  return {
    event: 'probe.stateChanged',
    text: [`${probe} is ${verdict} at ${location}${was}.`, ...reasons].join(' '),
    probe,
    location,
    from,
    to: verdict,
    at: startedAt,
    runId,
    registrationId,
    reason: reasonCode(outcome),
    reasons,
  };
}
