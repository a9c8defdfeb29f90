import type { WebhookSource } from '../status/report/webhookReport.ts';
import { readDeliveries, stateTable } from '../telemetry/webhook/stateChanges.ts';
import type { Services } from './services.ts';

/** The webhook of these settings, as reports read it; undefined if none is configured. */
export function webhookSource({ settings: { webhook }, openTable }: Services): WebhookSource | undefined {
  return (
    webhook && {
      secret: webhook.urlSecret,
      readDeliveries: openTable && ((signal) => readDeliveries(openTable(stateTable), { signal })),
    }
  );
}
