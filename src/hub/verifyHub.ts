import type { SecureContext } from 'node:tls';
import { connect, parseEndpoint, type Transport } from '../transport/connect.ts';
import type { Deadline } from '../transport/deadline.ts';
import type { MqttSession } from '../transport/mqttSession.ts';
import type { Recorder } from '../transport/recorder.ts';
import type { TransportFailure } from '../transport/transportFailure.ts';
import { isAllowedHub } from './allowedHub.ts';
import type { HubRefusal, HubResult, HubVerification } from './hubResult.ts';

export interface HubRequest {
  readonly assignedHub: string;
  readonly deviceId: string;
  readonly verification: HubVerification;
  readonly transport: Transport;
  readonly secureContext: SecureContext;
  /** Makes the SAS token for `{hub}/devices/{deviceId}`; absent with X.509. */
  readonly password?: ((resource: string) => string) | undefined;
  /** Hub names besides Azure's own that may be given a credential. From the configuration, never from a request. */
  readonly configuredHubs?: readonly string[] | undefined;
  readonly runId: string;
  readonly recorder: Recorder;
  readonly deadline: Deadline;
}

/** The hub's device API that this file speaks (IoT Hub documentation, "Communicate with an IoT hub using MQTT"). */
const apiVersion = '2021-04-12';

/** Proof that the assignment works: connects as the assigned device, and does what `verification` says. Never rejects. */
export async function verifyHub(request: HubRequest): Promise<HubResult> {
  const { assignedHub, deviceId, verification, recorder, configuredHubs } = request;
  const refused = (cause: HubRefusal): HubResult => ({
    kind: 'hubRefused',
    phase: 'hub',
    assignedHub,
    deviceId,
    verification,
    cause,
  });
  if (!isAllowedHub(assignedHub, configuredHubs)) {
    const message = `${assignedHub} is neither an Azure hub name nor in the configured probe's expect.assignedHub: no credential was sent to it`;
    return refused({ kind: 'hubNotAllowed', message });
  }

  const endpoint = parseEndpoint(assignedHub, request.transport);
  const inside = insidePhaseHub(recorder);
  const connected = await connect({
    ...request,
    endpoint,
    recorder: inside,
    clientId: deviceId,
    username: `${endpoint.host}/${deviceId}/?api-version=${apiVersion}`,
    password: request.password?.(`${endpoint.host}/devices/${deviceId}`),
  });
  if (connected.kind === 'notConnected') return refused(connected.failure);
  const { session } = connected;
  inside.enter('hub'); // what fails from here on is no step of the way in
  try {
    const cause = await prove(session, request);
    return cause ? refused(cause) : { kind: 'verified', verification };
  } finally {
    await session.close();
  }
}

async function prove(session: MqttSession, request: HubRequest): Promise<HubRefusal | undefined> {
  switch (request.verification) {
    case 'connect':
      return undefined;
    case 'telemetry':
      return sendTelemetry(session, request);
    case 'twin':
      return readTwin(session, request);
  }
}

/** One message marked as synthetic, so that the hub's own routes can leave it out. The PUBACK is the proof. */
async function sendTelemetry(session: MqttSession, request: HubRequest): Promise<TransportFailure | undefined> {
  const { deviceId, runId } = request;
  const properties = new URLSearchParams({ synthetic: 'true', source: 'dps-canary', runId });
  const topic = `devices/${deviceId}/messages/events/${properties}`;
  const ended = await Promise.race([
    session.publish(topic, JSON.stringify({ synthetic: true, runId })),
    session.failed,
  ]);
  if (ended !== 'acknowledged') return ended;
  request.recorder.received('PUBACK');
  return undefined;
}

const twinFilter = '$iothub/twin/res/#';

async function readTwin(session: MqttSession, { recorder }: HubRequest): Promise<HubRefusal | undefined> {
  const subscribed = await session.subscribe(twinFilter);
  if (subscribed.kind !== 'subscribed') return subscribed;
  const rid = '1';
  const answered = new Promise<number>((resolve) => {
    session.onMessage((topic, payload) => {
      const [, status, query] = /^\$iothub\/twin\/res\/(\d{3})\/\?(.*)$/.exec(topic) ?? [];
      recorder.received('PUBLISH', { topic, bytes: payload.length, ...(status && { status: Number(status) }) });
      if (status && new URLSearchParams(query).get('$rid') === rid) resolve(Number(status));
    });
  });
  void session.publish(`$iothub/twin/GET/?$rid=${rid}`, '');
  const ended = await Promise.race([answered, session.failed]);
  if (typeof ended !== 'number') return ended;
  return ended === 200
    ? undefined
    : { kind: 'twinRejected', status: ended, message: `the twin was answered with status ${ended}` };
}

/** The hub's connection is one phase of the run, however many steps it has; the failure itself says which step it was. */
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
