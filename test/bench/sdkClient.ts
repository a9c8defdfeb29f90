import { ProvisioningDeviceClient } from 'azure-iot-provisioning-device';
import { Mqtt } from 'azure-iot-provisioning-device-mqtt';
import { SymmetricKeySecurityClient } from 'azure-iot-security-symmetric-key';
import type { BenchDevice } from './benchDevice.ts';

/** The peer: Microsoft's own Node SDK, used as its samples use it. */
export async function registerWithSdk(device: BenchDevice): Promise<string> {
  const { host, port, idScope, registrationId, key } = device;
  const client = ProvisioningDeviceClient.create(
    `${host}:${port}`,
    idScope,
    new Mqtt(),
    new SymmetricKeySecurityClient(registrationId, key),
  );
  const result = await client.register();
  if (!result?.assignedHub) throw new Error('the SDK brought no assignment');
  return result.assignedHub;
}
