import { probeSchema } from '../../../src/config/probe.ts';
import { judgeRun } from '../../../src/outcomes/judgeRun.ts';
import { runProbe } from '../../../src/probes/runProbe.ts';
import { createDeviceRunner } from '../../../src/simulations/store/openSimulations.ts';
import type { BenchDevice } from '../benchDevice.ts';
import { benchIdScope, groupKey } from '../benchDevices.ts';

export type RegisterDevice = (device: BenchDevice) => Promise<unknown>;

export interface ProductClients {
  /** As scheduled: the credential is read for this run, the outcome judged and written as a line of the log. */
  readonly run: RegisterDevice;
  /** As the worker of a simulation runs it. */
  readonly device: RegisterDevice;
  /** The same, in a simulation that asks for TLS session resumption. */
  readonly resumingDevice: RegisterDevice;
}

/** Registers a device at the stand-in of the benchmark with the product's code. Each rejects unless the outcome is healthy. */
export function productClients(port: number): ProductClients {
  const configured = probeSchema.parse({
    name: 'bench',
    idScope: benchIdScope,
    registrationId: 'bench',
    attestation: { type: 'symmetricKey', secret: 'group-key', enrollment: 'group' },
    globalDeviceEndpoint: `localhost:${port}`,
  });
  const readSecret = async () => ({ kind: 'found', value: groupKey.toString('base64') }) as const;
  const simulated = (reuseTlsSessions: boolean): RegisterDevice => {
    const options = { onThrottled: () => undefined, reuseTlsSessions, configuredHubs: undefined };
    const runDevice = createDeviceRunner(readSecret, 'bench', console.error, options);
    return async ({ registrationId }) => expectHealthy(await runDevice({ ...configured, registrationId }));
  };
  return {
    async run({ registrationId }) {
      const probe = { ...configured, registrationId };
      const facts = await runProbe(probe, { readSecret });
      const outcome = judgeRun(probe, facts, { trigger: 'timer', location: 'bench' });
      expectHealthy(outcome);
      JSON.stringify(outcome);
    },
    device: simulated(false),
    resumingDevice: simulated(true),
  };
}

function expectHealthy({ verdict, result }: ReturnType<typeof judgeRun>): void {
  if (verdict !== 'healthy') throw new Error(JSON.stringify(result));
}
