import type { Duplex } from 'node:stream';
import { MqttClient } from 'mqtt';
import { createPacketStream, MalformedPacketError } from './packetStream.ts';
import type { Phase } from './phase.ts';
import { printable } from './printable.ts';
import type { Recorder } from './recorder.ts';
import type { Run } from './run.ts';
import { classifySocketError, closedByServer, timedOut } from './socketFailure.ts';
import type { MalformedResponse, SubscriptionRefused, TransportFailure } from './transportFailure.ts';

/** The device's fields of CONNECT. */
export interface Login {
  readonly clientId: string;
  readonly username: string;
  /** A SAS token; absent with X.509, where the certificate is the proof. */
  readonly password?: string | undefined;
}

/** One MQTT 3.1.1 connection as promises. Events of mqtt.js are handled only in this file. */
export interface MqttSession {
  /** Settles once, when the connection cannot be used any more: lost, or past the deadline. Rejects only with an error in this program. */
  readonly failed: Promise<TransportFailure>;
  subscribe(filter: string): Promise<Subscribed | TransportFailure>;
  /** Publishes at QoS 1. Telemetry waits for the PUBACK; a request waits for its response instead. */
  publish(topic: string, payload: string): Promise<'acknowledged'>;
  onMessage(listener: (topic: string, payload: Buffer) => void): void;
  /** Sends DISCONNECT and closes the stream; settles when it is closed. Safe to call at any time, and twice. */
  close(): Promise<void>;
}

type Subscribed = { readonly kind: 'subscribed' } | SubscriptionRefused | MalformedResponse;

export type Opened =
  | { readonly kind: 'opened'; readonly session: MqttSession }
  | { readonly kind: 'notOpened'; readonly failure: TransportFailure };

/** As Microsoft's SDKs do. */
const keepAliveSeconds = 180;
/** DISCONNECT, as bytes (MQTT 3.1.1 section 3.14): it must be sent even while mqtt.js waits for a PUBACK. */
const disconnectPacket = Buffer.from([0xe0, 0x00]);
/** Disables mqtt.js's own timeout for the CONNACK: only the deadline counts. */
const neverMs = 2 ** 31 - 1;

function ignoreDebugLog(): void {}

/** Sends CONNECT with CleanSession 1 (the service keeps no session either way) and waits for the CONNACK. */
export async function openMqttSession(wire: Duplex, login: Login, run: Run): Promise<Opened> {
  const { clientId, username, password } = login;
  const { recorder, deadline } = run;
  recorder.enter('mqttConnect');
  const stream = createPacketStream(wire);
  recorder.sent('CONNECT', { detail: username });
  const client = new MqttClient(() => stream as MqttClient['stream'], {
    protocolVersion: 4,
    clean: true,
    reconnectPeriod: 0, // a second attempt would hide the error
    resubscribe: false,
    connectTimeout: neverMs,
    keepalive: keepAliveSeconds,
    reschedulePings: false,
    timerVariant: 'native',
    log: ignoreDebugLog, // the transcript replaces it, and formatting it costs a twentieth of the exchange
    clientId,
    username,
    ...(password !== undefined && { password }),
  });

  const { promise: failed, resolve: fail, reject } = Promise.withResolvers<TransportFailure>();
  failed.catch(() => undefined); // handled by the step that is running
  const onAbort = () => fail(timedOut(recorder.phase));
  // mqtt.js forwards only those stream errors that have a code.
  stream.once('error', (error) => fail(classifyStreamError(error, recorder)));
  client.on('error', (error) => fail(classifyClientError(error, recorder)));
  client.once('close', () => {
    deadline.signal.removeEventListener('abort', onAbort);
    fail(closedByServer(recorder.phase));
  });
  if (deadline.signal.aborted) onAbort();
  deadline.signal.addEventListener('abort', onAbort, { once: true });

  const session = sessionOf(client, stream, run, failed, reject);
  const connected = new Promise<'connected'>((resolve) => client.once('connect', () => resolve('connected')));
  const first = await Promise.race([connected, failed]);
  if (first === 'connected') {
    recorder.received('CONNACK', { status: 0 });
    return { kind: 'opened', session };
  }
  await session.close();
  return { kind: 'notOpened', failure: first };
}

function sessionOf(
  client: MqttClient,
  stream: Duplex,
  { recorder, deadline }: Run,
  failed: Promise<TransportFailure>,
  reject: (error: unknown) => void,
): MqttSession {
  let closed: Promise<void> | undefined;
  return {
    failed,
    subscribe(filter) {
      recorder.sent('SUBSCRIBE', { topic: filter });
      const granted = new Promise<Subscribed>((resolve) => {
        // DPS grants at most QoS 1, so that is what is asked for.
        client.subscribe(filter, { qos: 1 }, (_error, _granted, packet) => {
          const returnCode = packet?.granted[0];
          if (typeof returnCode !== 'number') return; // the connection was lost: `failed` has the reason
          recorder.received('SUBACK', { status: returnCode });
          resolve(readReturnCode(returnCode, recorder.phase));
        });
      });
      return Promise.race([granted, failed]);
    },
    publish(topic, payload) {
      recorder.sent('PUBLISH', { topic, bytes: Buffer.byteLength(payload) });
      return new Promise((resolve) => {
        // Without a connection mqtt.js may never call back, or call back with an error: `failed` has the reason.
        client.publish(topic, payload, { qos: 1 }, (error) => {
          if (!error) resolve('acknowledged');
        });
      });
    },
    onMessage(listener) {
      // An error thrown in an event listener would end the process, not only the run.
      client.on('message', (topic, payload) => {
        try {
          listener(topic, payload);
        } catch (error) {
          reject(error);
        }
      });
    },
    close() {
      closed ??= new Promise<void>((resolve) => {
        client.removeAllListeners('message');
        if (stream.closed) return resolve();
        // A peer that does not read would block DISCONNECT, and the run, for ever.
        const giveUp = () => void stream.destroy();
        deadline.signal.addEventListener('abort', giveUp, { once: true });
        stream.once('close', () => {
          deadline.signal.removeEventListener('abort', giveUp);
          resolve();
        });
        if (!client.connected || deadline.signal.aborted) return void stream.destroy();
        recorder.sent('DISCONNECT');
        // MQTT 3.1.1 section 3.14.4: after DISCONNECT the client closes the connection without waiting for the server.
        // Destroy on the next tick: within the write's callback, Node would create errors with stacks that are never read.
        stream.write(disconnectPacket, () => process.nextTick(() => stream.destroy()));
      });
      return closed;
    },
  };
}

/** MQTT 3.1.1 section 3.9.3: 0 to 2 grant a QoS, 0x80 is a failure, the others are reserved. */
function readReturnCode(returnCode: number, phase: Phase): Subscribed {
  if (returnCode <= 2) return { kind: 'subscribed' };
  if (returnCode === 0x80) {
    return { kind: 'subscriptionRefused', phase: 'subscribe', returnCode, message: 'the server refused the filter' };
  }
  const message = `a SUBACK with return code ${returnCode}, which MQTT 3.1.1 does not define`;
  return { kind: 'malformedResponse', phase, message };
}

/** MQTT 3.1.1 section 3.2.2.3. */
const connackMeanings: { readonly [returnCode: number]: string } = {
  1: 'unacceptable protocol version',
  2: 'identifier rejected',
  3: 'server unavailable',
  4: 'bad user name or password',
  5: 'not authorized',
};

function classifyStreamError(error: Error & { code?: unknown }, recorder: Recorder): TransportFailure {
  // An error without a code is a write after the server closed the connection.
  const isWriteAfterEnd = error.code === undefined && !(error instanceof MalformedPacketError);
  return isWriteAfterEnd ? closedByServer(recorder.phase) : classifyClientError(error, recorder);
}

function classifyClientError(error: Error & { code?: unknown }, { phase, received }: Recorder): TransportFailure {
  const malformed = (message: string): MalformedResponse => {
    // A second CONNACK belongs to connecting, even if the next request has already been sent.
    const at = phase === 'subscribe' && /CONNACK/.test(message) ? 'mqttConnect' : phase;
    return { kind: 'malformedResponse', phase: at, message: printable(message) };
  };
  const { code } = error;
  if (error instanceof MalformedPacketError) return malformed(`not what MQTT 3.1.1 allows: ${error.message}`);
  if (typeof code === 'number' && phase === 'mqttConnect') {
    received('CONNACK', { status: code });
    const meaning = connackMeanings[code];
    return meaning === undefined
      ? malformed(`a CONNACK with return code ${code}, which MQTT 3.1.1 does not define`)
      : { kind: 'connectionRefused', phase, returnCode: code, message: meaning };
  }
  // Codes of ws are about frames that RFC 6455 does not allow; all other codes are socket errors.
  if (typeof code === 'string' && !code.startsWith('WS_ERR_'))
    return classifySocketError(error as NodeJS.ErrnoException, phase);
  // The remaining errors come from mqtt.js's parser, or from its checks of MQTT 3.1.1.
  return malformed(`not what MQTT 3.1.1 allows: ${error.message}`);
}
