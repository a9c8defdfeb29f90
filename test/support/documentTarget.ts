/** The services that the document's rules are tested on: always the stand-in, and a real DPS if the environment names one. */
import type { DpsConfigurationInput } from '../../src/emulator/dps/dpsConfiguration.ts';
import type { RunningDps } from '../../src/emulator/dps/startDps.ts';
import { parseEndpoint } from '../../src/transport/endpoint.ts';
import { authority, deviceKey, registrationId, startLocalDps } from './localProbe.ts';
import { connectPacket, type RawMqttClient, rawMqttOverTls, type TlsTarget } from './rawMqttClient.ts';
import { type SasParts, sasToken } from './sasToken.ts';

export interface DocumentTarget {
  readonly idScope: string;
  readonly registrationId: string;
  readonly host: string;
  readonly port: number;
  readonly wssPort: number;
  /** Only for the stand-in. */
  readonly dps?: RunningDps;
  /** A SAS token of the device with the changes of `over`, signed with its key. */
  token(over?: Partial<SasParts>): string;
  /** After the TLS handshake. */
  open(tls?: Pick<TlsTarget, 'cert' | 'key' | 'maxVersion'>): Promise<RawMqttClient>;
  /** CONNECT as in the document; `over` replaces fields. */
  connectPacket(over?: Parameters<typeof connectPacket>[2]): ReturnType<typeof connectPacket>;
  /** Closes every client, and the stand-in. */
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

/** Waits a second before each query, assigns at the second one, and has a group for leaves of the authority's intermediate. */
export async function standInTarget(
  over: Partial<DpsConfigurationInput> = {},
): Promise<DocumentTarget & { readonly dps: RunningDps }> {
  const signingCertificates = { primary: { certificate: authority.intermediate.cert } };
  const dps = await startLocalDps(
    {},
    {
      retryAfterSeconds: 1,
      assigningPolls: 1,
      enrollmentGroups: [{ enrollmentGroupId: 'fleet', attestation: { type: 'x509', x509: { signingCertificates } } }],
      ...over,
    },
  );
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

/** Only for the stand-in: the same check on a `strict` one. */
export async function onStrictStandIn(
  target: DocumentTarget,
  check: (strict: DocumentTarget) => Promise<void>,
): Promise<void> {
  if (target.dps === undefined) return;
  const strict = await standInTarget({ strict: true });
  try {
    await check(strict);
  } finally {
    await strict.close();
  }
}

/** Reports missing variables if only some of them are set. */
export function missingVariables(environment: NodeJS.ProcessEnv): readonly string[] {
  const needed = ['DPS_ID_SCOPE', 'DPS_REGISTRATION_ID', 'DPS_SYMMETRIC_KEY'];
  return needed.filter((name) => !environment[name]);
}

/**
 * `DPS_ID_SCOPE`, `DPS_REGISTRATION_ID` and `DPS_SYMMETRIC_KEY` (of an individual enrollment); `DPS_ENDPOINT` (host[:port]) for another
 * endpoint than the global one, and `DPS_WSS_PORT` if its WebSocket port is not 443.
 */
export function realTarget({
  DPS_ID_SCOPE,
  DPS_REGISTRATION_ID,
  DPS_SYMMETRIC_KEY,
  DPS_ENDPOINT,
  DPS_WSS_PORT,
}: NodeJS.ProcessEnv): DocumentTarget | undefined {
  if (!DPS_ID_SCOPE || !DPS_REGISTRATION_ID || !DPS_SYMMETRIC_KEY) return undefined;
  const { host, port } = parseEndpoint(DPS_ENDPOINT ?? 'global.azure-devices-provisioning.net', 'mqtt');
  return targetOf({
    idScope: DPS_ID_SCOPE,
    registrationId: DPS_REGISTRATION_ID,
    key: DPS_SYMMETRIC_KEY,
    host,
    port,
    wssPort: Number(DPS_WSS_PORT ?? 443),
  });
}

function targetOf(device: Device): DocumentTarget {
  const clients: RawMqttClient[] = [];
  const token = (over: Partial<SasParts> = {}) =>
    sasToken({ resource: `${device.idScope}/registrations/${device.registrationId}`, key: device.key, ...over });
  const username = `${device.idScope}/registrations/${device.registrationId}/api-version=2019-03-31`;
  return {
    ...device,
    token,
    open: async (tls) => {
      const client = await rawMqttOverTls({ host: device.host, port: device.port, ...tls });
      clients.push(client);
      return client;
    },
    connectPacket: (over = {}) => connectPacket(device.registrationId, token(), { username, ...over }),
    close: async () => {
      for (const client of clients.splice(0)) client.end();
    },
  };
}
