import type { CredentialPolicy } from './credentials/credentialPolicy.ts';
import type { SasKey } from './sasToken.ts';
import type { X509Trust } from './x509Trust.ts';

/** How a device proves itself to its hub: with what it proved itself to DPS. */
export type DeviceCredential =
  | { readonly kind: 'symmetricKey'; readonly keys: readonly SasKey[] }
  /** The certificate's common name stays the registrationId, whatever device id it was given. */
  | { readonly kind: 'x509'; readonly trust: X509Trust; readonly registrationId: string };

/** What issues a device's operational certificates, and renews them at the hub. */
export interface OperationalCredential {
  readonly policy: CredentialPolicy;
  readonly registrationId: string;
}

export interface HubDevice {
  /** As DPS assigned it; locally it may carry a port. */
  readonly hub: string;
  readonly deviceId: string;
  readonly credential: DeviceCredential;
  /** Where the device's enrollment names a credential policy. */
  readonly operational?: OperationalCredential | undefined;
}

/** What the DPS stand-in writes and the IoT Hub stand-in reads: the devices of every hub. */
export interface DeviceRegistry {
  put(device: HubDevice): void;
  /** `hub` with or without its port: a device's user name carries a host name, and locally often the port as well. */
  find(hub: string, deviceId: string): HubDevice | undefined;
}

export function createDeviceRegistry(): DeviceRegistry {
  const devices = new Map<string, HubDevice>();
  return {
    put: (device) => void devices.set(keyOf(device.hub, device.deviceId), device),
    find: (hub, deviceId) => devices.get(keyOf(hub, deviceId)),
  };
}

function keyOf(hub: string, deviceId: string): string {
  const name = hub.replace(/:\d+$/, '').toLowerCase();
  // One hub has both names since 2026: `<hub>.azure-devices.net` and `<hub>.device.azure-devices.net`
  return `${name.replace(/\.device(\.azure-devices\.\w+)$/, '$1')}/${deviceId}`;
}
