import { createHash } from 'node:crypto';
import type { EnrollmentGroup, IndividualEnrollment } from './dpsConfiguration.ts';

/**
 * The hub of a device. `hashed` spreads registrationIds evenly and always sends one to the same hub; the others take the
 * first hub that is named: on one machine none is nearer than another, and no webhook is called.
 */
export function allocateHub(
  enrollment: IndividualEnrollment | EnrollmentGroup,
  registrationId: string,
  linkedHubs: readonly [string, ...string[]],
): string {
  const named = enrollment.iotHubHostName === undefined ? enrollment.iotHubs : [enrollment.iotHubHostName];
  const hubs = named ?? linkedHubs;
  const hash = createHash('sha256').update(registrationId.toLowerCase()).digest().readUInt32BE(0);
  const index = enrollment.allocationPolicy === 'hashed' ? hash % hubs.length : 0;
  return hubs[index] ?? linkedHubs[0];
}
