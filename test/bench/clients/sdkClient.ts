import provisioning from 'azure-iot-provisioning-device';
import transport from 'azure-iot-provisioning-device-mqtt';
import security from 'azure-iot-security-symmetric-key';
import type { BenchDevice } from '../benchDevice.ts';

/** The peer: Microsoft's own Node SDK, used as its samples use it. */
export async function registerWithSdk({ host, port, idScope, registrationId, key }: BenchDevice): Promise<string> {
  const client = provisioning.ProvisioningDeviceClient.create(
    `${host}:${port}`,
    idScope,
    new transport.Mqtt(),
    new security.SymmetricKeySecurityClient(registrationId, key) as never, // the SDK's own typings disagree
  );
  const result = await client.register();
  if (!result?.assignedHub) throw new Error('the SDK brought no assignment');
  return result.assignedHub;
}
