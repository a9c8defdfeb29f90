import type { Verdict } from '../../outcomes/outcome.ts';
import type { Delivery } from '../../outcomes/recordOutcome.ts';

/** A change of a probe's verdict, and when it was posted or when posting failed. */
export interface PostedChange {
  readonly probe: string;
  readonly location: string;
  readonly verdict: Verdict;
  /** ISO 8601. */
  readonly at: string;
}

interface Configured {
  /** The setting that names the secret. */
  readonly setting: 'WEBHOOK_URL_SECRET';
  /** Name of the secret that holds the address. */
  readonly secret: string;
}

/**
 * Whether changes are delivered to the webhook. Its address is a secret, and is not included. `off`: there is no storage for the posted
 * states. `unknown`: they could not be read. `idle`: there has been no change to post.
 */
export type WebhookReport =
  | (Omit<Configured, 'secret'> & { readonly state: 'notConfigured' })
  | (Configured & { readonly state: 'off' | 'unknown' | 'idle' })
  /** `lastDelivery`: the newest change that the receiver accepted. */
  | (Configured & { readonly state: 'delivered'; readonly lastDelivery: PostedChange })
  | (Configured & {
      readonly state: 'failing';
      readonly lastDelivery?: PostedChange;
      /** Changes that were not delivered. The next run of their probes tries again. */
      readonly undelivered: number;
      /** The newest of them; `error` contains the reason and the next step. */
      readonly lastFailure: PostedChange & { readonly error: string };
    });

/** A webhook that is configured. */
export interface WebhookSource {
  /** Name of the secret that holds its address. */
  readonly secret: string;
  /** Absent where no storage is configured. */
  readonly readDeliveries?: ((signal: AbortSignal) => Promise<readonly Delivery[]>) | undefined;
}

const setting = 'WEBHOOK_URL_SECRET';

/** `source` undefined: none is configured. `deliveries` undefined: they could not be read. */
export function webhookReport(
  source: WebhookSource | undefined,
  deliveries: readonly Delivery[] | undefined,
): WebhookReport {
  if (source === undefined) return { state: 'notConfigured', setting };
  const configured = { setting, secret: source.secret } as const;
  if (source.readDeliveries === undefined) return { state: 'off', ...configured };
  if (deliveries === undefined) return { state: 'unknown', ...configured };
  const lastDelivery = newest(
    deliveries.flatMap(({ probe, location, delivered }) => (delivered ? [{ probe, location, ...delivered }] : [])),
  );
  const failures = deliveries.flatMap(({ probe, location, failed }) =>
    failed ? [{ probe, location, ...failed }] : [],
  );
  const lastFailure = newest(failures);
  if (lastFailure) {
    return {
      state: 'failing',
      ...configured,
      ...(lastDelivery && { lastDelivery }),
      undelivered: failures.length,
      lastFailure,
    };
  }
  return lastDelivery ? { state: 'delivered', ...configured, lastDelivery } : { state: 'idle', ...configured };
}

function newest<Change extends PostedChange>(changes: readonly Change[]): Change | undefined {
  return changes.toSorted((one, other) => other.at.localeCompare(one.at))[0];
}
