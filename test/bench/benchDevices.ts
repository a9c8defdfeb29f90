import { createHmac } from 'node:crypto';
import type { DpsConfigurationInput } from '../../src/emulator/dps/dpsConfiguration.ts';
import type { BenchDevice } from './benchDevice.ts';

export const benchIdScope = '0neBENCH';
export const groupKey = createHmac('sha256', 'bench').update('group').digest();

/** The stand-in's side of the benchmark's devices: one group, and the wait that the row is about. */
export function benchConfiguration(retryAfterSeconds: number): DpsConfigurationInput {
  return {
    idScope: benchIdScope,
    retryAfterSeconds,
    enrollmentGroups: [
      {
        enrollmentGroupId: 'bench',
        attestation: { type: 'symmetricKey', symmetricKey: { primaryKey: groupKey.toString('base64') } },
        iotHubs: ['hub-a.azure-devices.net'],
      },
    ],
  };
}

/** Devices of the group, each another one. */
export function benchDevices(port: number, prefix = 'bench'): () => BenchDevice {
  let made = 0;
  return () => {
    made += 1;
    const registrationId = `${prefix}-${made}`;
    const key = createHmac('sha256', groupKey).update(registrationId).digest('base64');
    return { host: 'localhost', port, idScope: benchIdScope, registrationId, key };
  };
}
