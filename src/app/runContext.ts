import type { InvocationContext } from '@azure/functions';
import { historySink } from '../history/historySink.ts';
import type { Trigger } from '../outcomes/outcome.ts';
import { logSink, type SinkError } from '../outcomes/recordOutcome.ts';
import type { RunContext } from '../probes/runAndRecord.ts';
import { availabilitySink } from '../telemetry/appInsights/availability.ts';
import { stateTable } from '../telemetry/webhook/stateChanges.ts';
import { webhookSink } from '../telemetry/webhook/webhookSink.ts';
import type { Services } from './services.ts';
import { warnAboutDisabledSinks } from './warnAboutDisabledSinks.ts';

/** What one invocation needs to run probes: the app's services, and sinks that write to this invocation's log and trace. */
export function createRunContext(
  services: Services,
  trigger: Trigger,
  context: InvocationContext,
  onSinkError: (error: SinkError) => void = () => undefined,
): RunContext {
  const { secrets, settings, leases, history, availability, openTelemetry, openTable } = services;
  const { webhook } = settings;
  warnAboutDisabledSinks(services, context);
  const traceParent = context.traceContext?.traceParent;
  return {
    readSecret: secrets.read,
    loadSecretReader: secrets.load,
    forgetSecret: secrets.invalidate,
    location: settings.location,
    trigger,
    leases,
    history,
    sinks: [
      logSink((line) => context.log(line)),
      ...(history ? [historySink(history)] : []),
      ...(availability ? [availabilitySink(availability, traceParent)] : []),
      ...(openTelemetry ? [openTelemetry.sink(traceParent)] : []),
      ...(webhook && openTable
        ? [webhookSink({ ...webhook, readSecret: secrets.read, states: openTable(stateTable) })]
        : []),
    ],
    reportUnexpected: (stack, { name }) => context.error(`Probe ${name}: unexpected error: ${stack}`),
    reportSinkError(error, { probe, runId }) {
      onSinkError(error);
      context.error(`Probe ${probe}, run ${runId}: ${error.message}`);
    },
  };
}
