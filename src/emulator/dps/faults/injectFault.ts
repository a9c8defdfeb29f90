import type { DpsSession } from '../device.ts';
import { type Fault, type FaultPhase, faultAt } from './faults.ts';

/** Bytes that start as no MQTT packet can: packet type 15 is reserved in MQTT 3.1.1. */
const garbage = Buffer.from('ffffffffdeadbeef', 'hex');

/** Injects what ends a connection before this packet gets a response; the name of what was injected, or undefined. */
export function injectBefore(session: DpsSession, faults: readonly Fault[], phase: FaultPhase): string | undefined {
  if (faultAt(faults, 'silent', phase) !== undefined) {
    session.silence();
    return 'silent';
  }
  if (faultAt(faults, 'close', phase)?.when === 'before') {
    session.close('close');
    return 'close';
  }
  if (faultAt(faults, 'reset', phase)?.when === 'before') {
    session.reset();
    return 'reset';
  }
  if (faultAt(faults, 'garbage', phase) !== undefined) {
    session.sendBytes(garbage);
    return 'garbage';
  }
  return undefined;
}

export function injectAfter(session: DpsSession, faults: readonly Fault[], phase: FaultPhase): void {
  if (faultAt(faults, 'close', phase)?.when === 'after') session.close('close');
  if (faultAt(faults, 'reset', phase)?.when === 'after') session.reset();
}

/** Undefined when there is nothing to wait for, so that no promise is made. */
export function delayOf(session: DpsSession, faults: readonly Fault[], phase: FaultPhase): Promise<void> | undefined {
  const slow = faultAt(faults, 'slow', phase);
  return slow === undefined ? undefined : session.wait(slow.delayMs);
}
