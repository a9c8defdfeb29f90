/** Who is asked whether the document holds: the stand-in always, and a real DPS where the environment names one. */
import { deviceKey, registrationId, startLocalDps } from './localProbe.ts';
import { connectPacket, type RawMqttClient, rawMqttOverTls } from './rawMqttClient.ts';
import { sasToken } from './sasToken.ts';

export interface DocumentTarget {
  readonly idScope: string;
  readonly registrationId: string;
  readonly host: string;
  readonly port: number;
  readonly wssPort: number;
  /** A valid SAS token of the device. */
  token(): string;
  /** After the TLS handshake. */
  open(): Promise<RawMqttClient>;
  /** CONNECT as the document has it; `over` changes what is given. */
  connectPacket(over?: Parameters<typeof connectPacket>[2]): ReturnType<typeof connectPacket>;
  /** Ends every client, and the stand-in. */
  close(): Promise<void>;
}

interface Device {
  readonly idScope: string;
  readonly registrationId: string;
  readonly key: string;
  readonly host: string;
  readonly port: number;
  readonly wssPort: number;
}

export async function standInTarget(): Promise<
  DocumentTarget & { readonly dps: Awaited<ReturnType<typeof startLocalDps>> }
> {
  const dps = await startLocalDps();
  const { idScope, mqttsPort: port, wssPort } = dps;
  const target = targetOf({ idScope, registrationId, key: deviceKey, host: 'localhost', port, wssPort });
  return {
    ...target,
    dps,
    close: async () => {
      await target.close();
      await dps.close();
    },
  };
}

/** `DPS_ID_SCOPE`, `DPS_REGISTRATION_ID` and `DPS_SYMMETRIC_KEY` (individual enrollment); `DPS_ENDPOINT` for another than the global one. */
export function realTarget({
  DPS_ID_SCOPE,
  DPS_REGISTRATION_ID,
  DPS_SYMMETRIC_KEY,
  DPS_ENDPOINT,
}: NodeJS.ProcessEnv): DocumentTarget | undefined {
  if (!DPS_ID_SCOPE || !DPS_REGISTRATION_ID || !DPS_SYMMETRIC_KEY) return undefined;
  const host = DPS_ENDPOINT ?? 'global.azure-devices-provisioning.net';
  return targetOf({
    idScope: DPS_ID_SCOPE,
    registrationId: DPS_REGISTRATION_ID,
    key: DPS_SYMMETRIC_KEY,
    host,
    port: 8883,
    wssPort: 443,
  });
}

function targetOf(device: Device): DocumentTarget {
  const clients: RawMqttClient[] = [];
  const token = () =>
    sasToken({ resource: `${device.idScope}/registrations/${device.registrationId}`, key: device.key });
  const username = `${device.idScope}/registrations/${device.registrationId}/api-version=2019-03-31`;
  return {
    ...device,
    token,
    open: async () => {
      const client = await rawMqttOverTls({ host: device.host, port: device.port });
      clients.push(client);
      return client;
    },
    connectPacket: (over = {}) => connectPacket(device.registrationId, token(), { username, ...over }),
    close: async () => {
      for (const client of clients.splice(0)) client.end();
    },
  };
}
