import type { SecureContext } from 'node:tls';
import { connect } from '../transport/connect.ts';
import { parseEndpoint, type Transport } from '../transport/endpoint.ts';
import type { MqttSession } from '../transport/mqttSession.ts';
import type { Recorder } from '../transport/recorder.ts';
import type { Run } from '../transport/run.ts';
import type { TransportFailure } from '../transport/transportFailure.ts';
import { isAllowedHub } from './hubName.ts';
import type {
  HubRefusal,
  HubRenewed,
  HubResult,
  HubVerification,
  HubVerified,
  OperationalCredential,
} from './hubResult.ts';
import { renewCertificate } from './renewCertificate.ts';

export type HubRequest = HubConnection & Verification;

type Verification =
  | { readonly verification: Exclude<HubVerification, 'renew'> }
  /** The certificate signing request: PKCS#10 as base64 of its DER. */
  | { readonly verification: 'renew'; readonly csr: string };

export interface HubConnection {
  readonly assignedHub: string;
  readonly deviceId: string;
  readonly transport: Transport;
  readonly secureContext: SecureContext;
  /** Creates the SAS token for `{hub}/devices/{deviceId}`; absent with X.509. */
  readonly password?: ((resource: string) => string) | undefined;
  /** Set if `secureContext` presents an operational certificate. */
  readonly credential?: OperationalCredential | undefined;
}

export interface HubRun extends Run {
  readonly runId: string;
  /** Hub names, besides Azure's own, that may be given a credential. From the configured probe, never from a request. */
  readonly configuredHubs?: readonly string[] | undefined;
}

/** The hub's device API version (IoT Hub documentation, "Communicate with an IoT hub using MQTT"). */
const apiVersion = '2021-04-12';
/** The version that renews certificates. Devices with an operational certificate use it for everything. */
const certificateApiVersion = '2025-08-01-preview';

/** Verifies that the assignment works: connects as the assigned device and does what `verification` asks for. */
export async function verifyHub(request: HubRequest, run: HubRun): Promise<HubResult> {
  const { assignedHub, deviceId, transport, secureContext, password, credential, verification } = request;
  const refused = (cause: HubRefusal): HubResult => ({
    kind: 'hubRefused',
    phase: 'hub',
    assignedHub,
    deviceId,
    verification,
    ...(credential && { credential }),
    cause,
  });
  if (!isAllowedHub(assignedHub, run.configuredHubs)) {
    const message = `${assignedHub} is neither an Azure hub name nor in the configured probe's expect.assignedHub: no credential was sent to it`;
    return refused({ kind: 'hubNotAllowed', message });
  }
  if (!isHubDeviceId(deviceId)) {
    const message = `the assigned device ID "${deviceId}" is not one that an IoT hub can have: expected at most 128 visible ASCII characters`;
    return refused({ kind: 'malformedResponse', phase: 'hub', message });
  }

  const endpoint = parseEndpoint(assignedHub, transport);
  const login = {
    clientId: deviceId,
    username: `${endpoint.host}/${deviceId}/?api-version=${credential ? certificateApiVersion : apiVersion}`,
    password: password?.(`${endpoint.host}/devices/${deviceId}`),
  };
  const recorder = insidePhaseHub(run.recorder);
  const connected = await connect({ endpoint, transport, secureContext }, login, { ...run, recorder });
  if (connected.kind === 'notConnected') return refused(connected.failure);
  const { session } = connected;
  recorder.enter('hub'); // an error from here on is not part of connecting
  try {
    const proof = await prove(session, request, run);
    return proof.kind === 'verified' || proof.kind === 'renewed' ? proof : refused(proof);
  } finally {
    await session.close();
  }
}

async function prove(
  session: MqttSession,
  request: HubRequest,
  run: HubRun,
): Promise<HubVerified | HubRenewed | HubRefusal> {
  switch (request.verification) {
    case 'connect':
      return verified;
    case 'telemetry':
      return (await sendTelemetry(session, request, run)) ?? verified;
    case 'twin':
      return (await readTwin(session, run)) ?? verified;
    case 'renew':
      return renewCertificate(session, request, run);
  }
}

const verified: HubVerified = { kind: 'verified' };

/** Sends one message, marked as synthetic so that the hub's routes can exclude it. The PUBACK is the proof. */
async function sendTelemetry(
  session: MqttSession,
  { deviceId }: HubRequest,
  { runId, recorder }: HubRun,
): Promise<TransportFailure | undefined> {
  const properties = new URLSearchParams({ synthetic: 'true', source: 'dps-canary', runId });
  const topic = `devices/${deviceId}/messages/events/${properties}`;
  const ended = await Promise.race([
    session.publish(topic, JSON.stringify({ synthetic: true, runId })),
    session.failed,
  ]);
  if (ended !== 'acknowledged') return ended;
  recorder.received('PUBACK');
  return undefined;
}

const twinFilter = '$iothub/twin/res/#';

async function readTwin(session: MqttSession, { recorder }: Run): Promise<HubRefusal | undefined> {
  const subscribed = await session.subscribe(twinFilter);
  if (subscribed.kind !== 'subscribed') return subscribed;
  const rid = '1';
  const responded = new Promise<number>((resolve) => {
    session.onMessage((topic, payload) => {
      const [, status, query] = /^\$iothub\/twin\/res\/(\d{3})\/\?(.*)$/.exec(topic) ?? [];
      recorder.received('PUBLISH', { topic, bytes: payload.length, ...(status && { status: Number(status) }) });
      if (status && new URLSearchParams(query).get('$rid') === rid) resolve(Number(status));
    });
  });
  void session.publish(`$iothub/twin/GET/?$rid=${rid}`, '');
  const ended = await Promise.race([responded, session.failed]);
  if (typeof ended !== 'number') return ended;
  return ended === 200
    ? undefined
    : { kind: 'twinRejected', status: ended, message: `the hub responded to the twin request with status ${ended}` };
}

/** What IoT Hub's identity registry allows. Any other ID shows a broken service, and might not fit into a topic. */
function isHubDeviceId(deviceId: string): boolean {
  return /^[\x21-\x7e]{1,128}$/.test(deviceId);
}

/** Connecting to the hub counts as one phase, `hub`; a failure still names the step of connecting. */
function insidePhaseHub(recorder: Recorder): Recorder {
  let step: Recorder['phase'] = 'hub';
  return {
    ...recorder,
    get phase() {
      return step;
    },
    enter(phase) {
      step = phase;
    },
  };
}
