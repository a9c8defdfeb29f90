import type { InvocationContext } from '@azure/functions';
import type { Services } from './services.ts';

const warned = new WeakSet<Services>();

/** Logs, once, which sinks are off and which setting turns each one on. */
export function warnAboutDisabledSinks(services: Services, context: Pick<InvocationContext, 'warn'>): void {
  if (warned.has(services)) return;
  warned.add(services);
  if (!services.history) {
    context.warn(
      'Neither OutcomesStorage nor AzureWebJobsStorage is set: outcomes are not stored, and the status page stays empty.',
    );
  }
  if (!services.availability) {
    context.warn('APPLICATIONINSIGHTS_CONNECTION_STRING is not set: no availability results are sent.');
  }
  if (services.settings.webhook && !services.openTable) {
    context.warn(
      'WEBHOOK_URL_SECRET is set, but no storage: changes of state are not posted, because they cannot be tracked.',
    );
  }
}
