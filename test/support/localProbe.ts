import { type Probe, probeSchema } from '../../src/config/probe.ts';
import { createDeviceRegistry } from '../../src/emulator/deviceRegistry.ts';
import type { DpsConfigurationInput } from '../../src/emulator/dps/dpsConfiguration.ts';
import { type RunningDps, startDps } from '../../src/emulator/dps/startDps.ts';
import type { SecretResult } from '../../src/keyvault/secretResult.ts';
import { judgeRun } from '../../src/outcomes/judgeRun.ts';
import type { Outcome } from '../../src/outcomes/outcome.ts';
import type { ReadSecret } from '../../src/probes/credential.ts';
import { type RunOptions, runProbe } from '../../src/probes/runProbe.ts';
import { plantedSecrets } from './plantedSecrets.ts';
import { authority } from './trustedAuthority.ts';

/** The device that the tests simulate: registered individually, with this key. */
export const registrationId = 'device-001';
export const deviceKey = plantedSecrets.symmetricKey;

export { authority };
export const registry = createDeviceRegistry();

type Enrollment = NonNullable<DpsConfigurationInput['individualEnrollments']>[number];

/** A stand-in with one individual enrollment; the test can add fields to the enrollment or the configuration. */
export function startLocalDps(
  enrollment: Partial<Enrollment> = {},
  configuration: Partial<DpsConfigurationInput> = {},
): Promise<RunningDps> {
  return authority.issueServer().then((certificate) =>
    startDps({
      certificate,
      authority,
      registry,
      configuration: {
        idScope: '0neLOCAL',
        retryAfterSeconds: 0,
        individualEnrollments: [
          {
            registrationId,
            attestation: { type: 'symmetricKey', symmetricKey: { primaryKey: deviceKey } },
            iotHubHostName: 'hub-a.azure-devices.net',
            ...enrollment,
          },
        ],
        ...configuration,
      },
    }),
  );
}

/** A probe of that device against that stand-in; `over` replaces any field of it. */
export function localProbe(
  dps: Pick<RunningDps, 'idScope' | 'mqttsPort' | 'wssPort'>,
  over: Record<string, unknown> = {},
): Probe {
  const port = over.transport === 'mqtt-ws' ? dps.wssPort : dps.mqttsPort;
  return probeSchema.parse({
    name: 'local',
    idScope: dps.idScope,
    registrationId,
    attestation: { type: 'symmetricKey', secret: 'device-key' },
    globalDeviceEndpoint: `localhost:${port}`,
    timeoutSeconds: 10,
    ...over,
  });
}

/** A vault with only these secrets. */
export function vaultOf(secrets: Record<string, string> = { 'device-key': deviceKey }): ReadSecret {
  return async (secret): Promise<SecretResult> => {
    const value = secrets[secret];
    return value === undefined
      ? { kind: 'notFound', secret, message: `no secret ${secret}` }
      : { kind: 'found', value };
  };
}

/** Runs the probe and judges it, as `runAndRecord` does. */
export async function run(probe: Probe, over: Partial<RunOptions> = {}): Promise<Outcome> {
  const configuredHubs = probe.expect.assignedHub;
  const facts = await runProbe(probe, { readSecret: vaultOf(), configuredHubs, reportUnexpected: failTest, ...over });
  return judgeRun(probe, facts, { trigger: 'http', location: 'test' });
}

/** Throws outside of any handler, so that the test fails although the run has an outcome. */
function failTest(stack: string): void {
  queueMicrotask(() => {
    throw new Error(stack);
  });
}
