import { type Probe, probeSchema } from '../../src/config/probe.ts';
import { plantedSecrets } from './plantedSecrets.ts';

export const groupKey = plantedSecrets.groupKey;

/** A probe with a group enrollment against a stand-in on this machine; `over` replaces any field of it. */
export function groupProbe(port: number, over: Record<string, unknown> = {}): Probe {
  return probeSchema.parse({
    name: 'fleet',
    idScope: '0neLOCAL',
    registrationId: 'fleet-canary',
    attestation: { type: 'symmetricKey', secret: 'fleet-key', enrollment: 'group' },
    globalDeviceEndpoint: `localhost:${port}`,
    timeoutSeconds: 20,
    ...over,
  });
}
