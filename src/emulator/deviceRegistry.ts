import type { CredentialPolicy } from './credentials/credentialPolicy.ts';
import type { SasKey } from './sasToken.ts';
import type { X509Trust } from './x509Trust.ts';

/** How a device authenticates to its hub: with the same credential as to DPS. */
export type DeviceCredential =
  | { readonly kind: 'symmetricKey'; readonly keys: readonly SasKey[] }
  /** The certificate's common name is the registrationId, even if the device ID differs. */
  | { readonly kind: 'x509'; readonly trust: X509Trust; readonly registrationId: string };

/** The policy that issues a device's operational certificates, and renews them at the hub. */
export interface OperationalCredential {
  readonly policy: CredentialPolicy;
  readonly registrationId: string;
}

export interface HubDevice {
  /** As DPS assigned it; locally it may have a port. */
  readonly hub: string;
  readonly deviceId: string;
  readonly credential: DeviceCredential;
  /** Set when the device's enrollment names a credential policy. */
  readonly operational?: OperationalCredential | undefined;
}

/** The devices of every hub. The DPS stand-in writes it, and the IoT Hub stand-in reads it. */
export interface DeviceRegistry {
  put(device: HubDevice): void;
  /** `hub` with or without its port: a device's user name has the host name, locally often with the port. */
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
  // Since 2026 a hub has two names: `<hub>.azure-devices.net` and `<hub>.device.azure-devices.net`
  return `${name.replace(/\.device(\.azure-devices\.\w+)$/, '$1')}/${deviceId}`;
}
