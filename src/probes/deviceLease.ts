import type { Probe } from '../config/probe.ts';

const lastTurns = new Map<string, Promise<unknown>>();

/** The device that a probe plays: two probes may play the same one. */
export function deviceOf({ idScope, registrationId }: Probe): string {
  return `${idScope}/${registrationId.toLowerCase()}`;
}

/**
 * Runs one thing of a device after the other. A server closes a device's first connection when its second comes ([MQTT-3.1.4-2]):
 * a run by hand would make the timer's fail, and nothing would be wrong with the service. Other instances are not known here.
 */
export function inTurn<T>(device: string, run: () => Promise<T>): Promise<T> {
  const turn = (lastTurns.get(device) ?? Promise.resolve()).then(run, run);
  lastTurns.set(device, turn);
  const leave = () => {
    if (lastTurns.get(device) === turn) lastTurns.delete(device);
  };
  turn.then(leave, leave);
  return turn;
}
