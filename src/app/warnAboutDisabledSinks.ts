import type { InvocationContext } from '@azure/functions';
import type { Canary } from './services.ts';

const said = new WeakSet<Canary>();

/** Says which sinks are off, and which setting turns each on: once, with the first outcome that does not go there. */
export function sayWhatIsOff(canary: Canary, context: Pick<InvocationContext, 'warn'>): void {
  if (said.has(canary)) return;
  said.add(canary);
  if (!canary.history) {
    context.warn(
      'Neither OutcomesStorage nor AzureWebJobsStorage is set: outcomes are not kept, and the page stays empty.',
    );
  }
  if (!canary.availability) {
    context.warn('APPLICATIONINSIGHTS_CONNECTION_STRING is not set: no availability results are sent.');
  }
}
