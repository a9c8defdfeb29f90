import type { InvocationContext } from '@azure/functions';
import { historySink } from '../history/historySink.ts';
import { logSink } from '../outcomes/logSink.ts';
import type { Trigger } from '../outcomes/outcome.ts';
import type { Observation } from '../probes/runAndRecord.ts';
import { availabilitySink } from '../telemetry/appInsights/availability.ts';
import type { Canary } from './services.ts';
import { sayWhatIsOff } from './warnAboutDisabledSinks.ts';

/** How one invocation observes a probe: the canary's parts, and sinks that write into this invocation's log and trace. */
export function observationOf(canary: Canary, trigger: Trigger, context: InvocationContext): Observation {
  const { secrets, settings, history, availability, openTelemetry } = canary;
  sayWhatIsOff(canary, context);
  const traceParent = context.traceContext?.traceParent;
  return {
    readSecret: secrets.read,
    forgetSecret: secrets.invalidate,
    location: settings.location,
    trigger,
    history,
    sinks: [
      logSink((line) => context.log(line)),
      ...(history ? [historySink(history)] : []),
      ...(availability ? [availabilitySink(availability, traceParent)] : []),
      ...(openTelemetry ? [openTelemetry.sink(traceParent)] : []),
    ],
    reportSinkFault: ({ message }, { probe, runId }) => context.error(`Probe ${probe}, run ${runId}: ${message}`),
  };
}
