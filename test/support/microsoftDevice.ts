/**
 * Microsoft's own device SDK against the stand-ins: a client that is independent of this project. It trusts the certificates of this
 * process, and dials the port in the host name over MQTT; over WebSocket it always dials 443, so the test passes another address.
 */
import { Agent } from 'node:https';
import { connect, type TLSSocket } from 'node:tls';
import device from 'azure-iot-device';
import hubMqtt from 'azure-iot-device-mqtt';
import provisioning from 'azure-iot-provisioning-device';
import provisioningMqtt from 'azure-iot-provisioning-device-mqtt';
import symmetricKey from 'azure-iot-security-symmetric-key';
import x509 from 'azure-iot-security-x509';
import type { RunningDps } from '../../src/emulator/dps/startDps.ts';

export type Transport = 'mqtt' | 'mqtt-ws';
export type DeviceCredential = { readonly key: string } | { readonly cert: string; readonly key: string };

export interface RegistrationState {
  readonly assignedHub: string;
  readonly deviceId: string;
  readonly status: string;
  readonly substatus: string;
}

/** Registers, and rejects with the SDK's own error when the service refuses. */
export async function registerWithMicrosoftSdk(
  dps: RunningDps,
  transport: Transport,
  registrationId: string,
  credential: DeviceCredential,
  idScope = dps.idScope,
): Promise<RegistrationState> {
  const security = securityClient(registrationId, credential);
  const host = `localhost:${dps.mqttsPort}`;
  const client = provisioning.ProvisioningDeviceClient.create(
    host,
    idScope,
    provisioningTransport(dps, transport),
    security,
  );
  return new Promise<RegistrationState>((resolve, reject) => {
    client.register((error?: Error, state?: unknown) =>
      error === undefined || error === null ? resolve(state as RegistrationState) : reject(error),
    );
  });
}

type SecurityClient = Parameters<typeof provisioning.ProvisioningDeviceClient.create>[3];

function securityClient(registrationId: string, credential: DeviceCredential): SecurityClient {
  const security: unknown =
    'cert' in credential
      ? new x509.X509Security(registrationId, credential)
      : new symmetricKey.SymmetricKeySecurityClient(registrationId, credential.key);
  return security as SecurityClient; // the typings of the SDK's own packages disagree with one another
}

/** A hub client for the DPS assignment; `open` it, and `close` it. */
export function microsoftHubClient(
  assigned: Pick<RegistrationState, 'assignedHub' | 'deviceId'>,
  transport: Transport,
  key: string,
): device.Client {
  const text = `HostName=${assigned.assignedHub};DeviceId=${assigned.deviceId};SharedAccessKey=${key}`;
  if (transport === 'mqtt') return device.Client.fromConnectionString(text, hubMqtt.Mqtt);
  const [name, port] = assigned.assignedHub.split(':');
  const client = device.Client.fromConnectionString(text.replace(assigned.assignedHub, String(name)), hubMqtt.MqttWs);
  client.setOptions({ mqtt: { webSocketAgent: new OtherPortAgent(Number(port)) } });
  return client;
}

function provisioningTransport(dps: RunningDps, transport: Transport): provisioningMqtt.Mqtt {
  if (transport === 'mqtt') return new provisioningMqtt.Mqtt();
  return Object.assign(new provisioningMqtt.MqttWs(), {
    _getConnectionUri: () => `wss://localhost:${dps.wssPort}/$iothub/websocket`,
  });
}

class OtherPortAgent extends Agent {
  readonly #port: number;

  constructor(port: number) {
    super();
    this.#port = port;
  }

  override createConnection(): TLSSocket {
    return connect({ host: 'localhost', servername: 'localhost', port: this.#port });
  }
}
