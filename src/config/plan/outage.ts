import type { Probe } from '../probe.ts';
import { deviceOf, isSharedByLocations } from '../registrationId.ts';
import type { Settings } from '../settings.ts';

export interface OutageLimits {
  readonly startsPerSecond: number;
  /** How long a scheduled run may take. */
  readonly limitSeconds: number;
  /** The shortest time between two scheduled runs. */
  readonly gapSeconds: number;
}

/** A probe that does not fit into a scheduled run during an outage, by its index, and the reason. */
export interface OutageError {
  readonly index: number;
  readonly message: string;
}

export interface LongestRun {
  /** When every probe is due at once and every run takes its whole timeout, as in an outage. */
  readonly seconds: number;
  readonly limitSeconds: number;
}

/**
 * How long a scheduled run of all probes takes when the service does not respond at all. A device that several locations share is first used
 * by all others.
 */
export function longestRunSeconds(
  probes: readonly Probe[],
  startsPerSecond: number,
  { location, locations }: Pick<Settings, 'location' | 'locations'>,
): number {
  const started = new Map<string, number>();
  const deviceFree = new Map<string, number>();
  return probes.reduce((longest, probe) => {
    const { idScope, timeoutSeconds } = probe;
    const position = started.get(idScope) ?? 0;
    started.set(idScope, position + 1);
    const device = deviceOf(probe);
    // Probes of one device run one after the other: a server closes a device's first connection when its second arrives.
    const runs = isSharedByLocations(probe, location) ? locations.length : 1;
    const end = Math.max(position / startsPerSecond, deviceFree.get(device) ?? 0) + runs * timeoutSeconds;
    deviceFree.set(device, end);
    return Math.max(longest, end);
  }, 0);
}

/** Probes that the deadline would cut off in every outage: several of one device, one with a long timeout, or one that starts too late. */
export function outageErrors(probes: readonly Probe[], limits: OutageLimits): readonly OutageError[] {
  const { gapSeconds, limitSeconds, startsPerSecond } = limits;
  const usedByDevice = new Map<string, { readonly seconds: number; readonly names: readonly string[] }>();
  const startedEachRun = new Map<string, number>();
  return probes.flatMap((probe, index): readonly OutageError[] => {
    const { idScope, name, timeoutSeconds, everyMinutes } = probe;
    const device = deviceOf(probe);
    const before = usedByDevice.get(device) ?? { seconds: 0, names: [] };
    const seconds = before.seconds + timeoutSeconds;
    usedByDevice.set(device, { seconds, names: [...before.names.slice(-2), name] });
    if (timeoutSeconds > gapSeconds) {
      const message = `expected at most ${gapSeconds}: PROBE_SCHEDULE starts the next runs then. Got ${timeoutSeconds}`;
      return [{ index, message }];
    }
    if (before.seconds > 0 && seconds > limitSeconds) {
      const others = before.names.join(', ');
      const message = `too long together with ${others}: they use the same device and run one after the other, up to ${seconds} s, but a scheduled run ends after ${limitSeconds} s. Use other devices or shorter timeouts`;
      return [{ index, message }];
    }
    if (everyMinutes !== undefined) return [];
    const position = startedEachRun.get(idScope) ?? 0;
    startedEachRun.set(idScope, position + 1);
    const start = position / startsPerSecond;
    if (position === 0 || start + timeoutSeconds <= limitSeconds) return [];
    const message = `starts ${start} s into a scheduled run, because ${position} probes of ${idScope} start before it at ${startsPerSecond} a second, and could not end within ${limitSeconds} s. Give probes an everyMinutes, or use a longer PROBE_SCHEDULE`;
    return [{ index, message }];
  });
}
