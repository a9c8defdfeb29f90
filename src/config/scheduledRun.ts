import host from '../../host.json' with { type: 'json' };
import type { ConfigurationError } from './configurationErrors.ts';
import type { Probe } from './probe.ts';
import { nextTick, tickToleranceMs } from './schedule.ts';

/** For one ID scope, over all locations: well below the 1000 registrations a minute that its devices share. */
const startsPerSecondOfScope = 10;
/** Before the host's limit or the next tick, whichever comes first. Enough to record what the deadline has ended. */
const reserveMs = 2_000;

/** How long the host lets a function run. */
const functionTimeoutMs = millisecondsOf(host.functionTimeout);

/** How a scheduled run starts its probes, and for how long it lasts. */
export interface ScheduledRunLimits {
  readonly startsPerSecond: number;
  readonly lengthMs: number;
}

/** `locations`: how many of them start probes of the same ID scopes at about the same time. */
export function scheduledRunLimits(schedule: string, now: Date, locations: number): ScheduledRunLimits {
  const next = nextTick(schedule, new Date(now.getTime() + tickToleranceMs));
  const untilNextMs = next === undefined ? Number.POSITIVE_INFINITY : next.getTime() - now.getTime();
  return limitsWithin(untilNextMs, locations);
}

/**
 * What can never fit: more starts of an ID scope than its rate allows until the deadline, and probes of one device whose timeouts, one
 * after the other, are longer than the scheduled run. `gapMs` is the shortest time between two ticks.
 */
export function scheduledRunErrors(
  probes: readonly Probe[],
  gapMs: number,
  locations: number,
): readonly ConfigurationError[] {
  const { startsPerSecond, lengthMs } = limitsWithin(gapMs, locations);
  const seconds = Math.round(lengthMs / 1000);
  const maxStarts = Math.floor((startsPerSecond * lengthMs) / 1000);
  const ofScopes = [...Map.groupBy(probes, ({ idScope }) => idScope)]
    .filter(([, ofScope]) => ofScope.length > maxStarts)
    .map(([idScope, ofScope]) => ({
      path: `probes[${probes.indexOf(ofScope[maxStarts] as Probe)}]`,
      message: `expected at most ${maxStarts} probes of ID scope ${idScope}, found ${ofScope.length}: a scheduled run starts ${startsPerSecond} a second and lasts at most ${seconds} s`,
    }));
  const ofDevices = [
    ...Map.groupBy(probes, ({ idScope, registrationId }) => `${idScope} ${registrationId.toLowerCase()}`),
  ]
    .map(([, ofDevice]) => ofDevice)
    .filter((ofDevice) => ofDevice.length > 1 && sum(ofDevice.map((probe) => probe.timeoutSeconds)) > seconds)
    .map((ofDevice) => {
      const last = ofDevice.at(-1) as Probe;
      const total = sum(ofDevice.map((probe) => probe.timeoutSeconds));
      return {
        path: `probes[${probes.indexOf(last)}].timeoutSeconds`,
        message: `expected the ${ofDevice.length} probes of device ${last.registrationId} to end within one scheduled run of ${seconds} s, found timeouts of ${total} s together: they run one after the other`,
      };
    });
  return [...ofScopes, ...ofDevices];
}

function limitsWithin(untilNextMs: number, locations: number): ScheduledRunLimits {
  return {
    startsPerSecond: startsPerSecondOfScope / Math.max(1, locations),
    lengthMs: Math.max(0, Math.min(functionTimeoutMs, untilNextMs) - reserveMs),
  };
}

/** `hh:mm:ss`, as host.json has it. */
function millisecondsOf(text: string): number {
  const [hours = 0, minutes = 0, seconds = 0] = text.split(':').map(Number);
  return ((hours * 60 + minutes) * 60 + seconds) * 1000;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, one) => total + one, 0);
}
