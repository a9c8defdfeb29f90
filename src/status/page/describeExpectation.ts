import type { Expectation } from '../../config/probe.ts';

/** What a probe expects, in a few words: `assigned, within 20 s`, `refused, errorCode 401002`. */
export function describeExpectation(expect: Expectation): string {
  const { result, errorCode, assignedHub, deviceId, substatus, withinSeconds, certificateDaysLeft } = expect;
  return [
    result,
    errorCode === undefined ? undefined : `errorCode ${errorCode}`,
    assignedHub && `to ${assignedHub.join(' or ')}`,
    deviceId && `as ${deviceId}`,
    substatus,
    withinSeconds === undefined ? undefined : `within ${withinSeconds} s`,
    certificateDaysLeft === undefined ? undefined : `certificates good for ${certificateDaysLeft} days`,
  ]
    .filter((words) => words !== undefined)
    .join(', ');
}
