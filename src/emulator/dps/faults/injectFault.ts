import type { DpsSession } from '../device.ts';
import { type Fault, type FaultPhase, faultAt } from './faults.ts';

/** Not an MQTT packet: type 15 is reserved in MQTT 3.1.1. */
const garbage = Buffer.from('ffffffffdeadbeef', 'hex');

/** Injects a fault that leaves this packet without a response. Returns its name, or undefined. */
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

/** Undefined when there is no delay, so that no promise is created. */
export function delayOf(session: DpsSession, faults: readonly Fault[], phase: FaultPhase): Promise<void> | undefined {
  const slow = faultAt(faults, 'slow', phase);
  return slow === undefined ? undefined : session.wait(slow.delayMs);
}
