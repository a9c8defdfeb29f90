import type { Duplex } from 'node:stream';
import { MqttClient } from 'mqtt';
import type { Deadline } from './deadline.ts';
import type { Recorder } from './recorder.ts';
import { classifySocketError, closedByServer, timedOut } from './socketFailure.ts';
import type { SubscriptionRefused, TransportFailure } from './transportFailure.ts';

export interface SessionOptions {
  readonly stream: Duplex;
  readonly clientId: string;
  readonly username: string;
  /** A SAS token; absent with X.509, where the certificate is the proof. */
  readonly password?: string | undefined;
  readonly recorder: Recorder;
  readonly deadline: Deadline;
}

/** One MQTT 3.1.1 connection whose events have become promises. Nothing outside this file sees an event of mqtt.js. */
export interface MqttSession {
  /** Settles, once, when the connection is no use any more: lost, or out of time. Never rejects. */
  readonly failed: Promise<TransportFailure>;
  subscribe(filter: string): Promise<{ readonly kind: 'subscribed' } | SubscriptionRefused | TransportFailure>;
  /**
   * Publishes at QoS 1. Who needs to know whether it arrived as telemetry awaits the PUBACK; who asked a question awaits the answer.
   */
  publish(topic: string, payload: string): Promise<'acknowledged'>;
  onMessage(listener: (topic: string, payload: Buffer) => void): void;
  /** Sends DISCONNECT and lets go of the stream; settles when it is closed. Safe to call at any time, and twice. */
  close(): Promise<void>;
}

export type Opened =
  | { readonly kind: 'opened'; readonly session: MqttSession }
  | { readonly kind: 'notOpened'; readonly failure: TransportFailure };

/** As Microsoft's SDKs do. */
const keepAliveSeconds = 180;
/** DISCONNECT, as bytes (MQTT 3.1.1 section 3.14): it must go out even while mqtt.js waits for a PUBACK that nobody needs. */
const disconnectPacket = Buffer.from([0xe0, 0x00]);
/** mqtt.js has a timer of its own for CONNACK; ours is the deadline, so its own is put out of reach. */
const neverMs = 2 ** 31 - 1;

function ignoreDebugLog(): void {}

/**
 * mqtt-packet writes a packet in up to a dozen pieces, and a TLS socket hands each of them over on its own. Joined first, they cost
 * a twentieth less of the exchange's CPU; and a WebSocket carries a packet in one frame.
 */
function writeWhole(stream: Duplex): void {
  stream._writev = (pieces, done) => {
    const whole = Buffer.concat(pieces.map(({ chunk, encoding }) => Buffer.from(chunk, encoding)));
    stream._write(whole, 'buffer' as BufferEncoding, done);
  };
}

/** Sends CONNECT with CleanSession 1 (the document: 0 is not supported) and waits for the CONNACK. */
export async function openMqttSession(options: SessionOptions): Promise<Opened> {
  const { stream, recorder, deadline } = options;
  recorder.enter('mqttConnect');
  writeWhole(stream);
  recorder.sent('CONNECT', { detail: options.username });
  const client = new MqttClient(() => stream as MqttClient['stream'], {
    protocolVersion: 4,
    clean: true,
    reconnectPeriod: 0, // a second attempt would hide the fault
    resubscribe: false,
    connectTimeout: neverMs,
    keepalive: keepAliveSeconds,
    reschedulePings: false,
    timerVariant: 'native',
    log: ignoreDebugLog, // the transcript says it, and formatting it for nobody costs a twentieth of the exchange
    clientId: options.clientId,
    username: options.username,
    ...(options.password !== undefined && { password: options.password }),
  });

  const { promise: failed, resolve: fail } = Promise.withResolvers<TransportFailure>();
  const onAbort = () => fail(timedOut(recorder.phase));
  client.on('error', (error) => fail(classifyClientError(error, recorder)));
  client.once('close', () => {
    deadline.signal.removeEventListener('abort', onAbort);
    fail(closedByServer(recorder.phase));
  });
  if (deadline.signal.aborted) onAbort();
  deadline.signal.addEventListener('abort', onAbort, { once: true });

  const session = sessionOf(client, options, failed);
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
  { stream, recorder, deadline }: SessionOptions,
  failed: Promise<TransportFailure>,
): MqttSession {
  let closed: Promise<void> | undefined;
  return {
    failed,
    subscribe(filter) {
      recorder.sent('SUBSCRIBE', { topic: filter });
      const answered = new Promise<{ kind: 'subscribed' } | SubscriptionRefused>((resolve) => {
        // DPS grants at most QoS 1 (document, "Connessione a DPS"), so that is what is asked for.
        client.subscribe(filter, { qos: 1 }, (error, _granted, packet) => {
          const returnCode = packet?.granted[0];
          if (typeof returnCode !== 'number') return; // the connection went: `failed` says how
          recorder.received('SUBACK', { status: returnCode });
          resolve(
            error
              ? { kind: 'subscriptionRefused', phase: 'subscribe', returnCode, message: error.message }
              : { kind: 'subscribed' },
          );
        });
      });
      return Promise.race([answered, failed]);
    },
    publish(topic, payload) {
      recorder.sent('PUBLISH', { topic, bytes: Buffer.byteLength(payload) });
      return new Promise((resolve) => {
        // Without a connection mqtt.js may never call back, or call back with an error: `failed` is what tells.
        client.publish(topic, payload, { qos: 1 }, (error) => {
          if (!error) resolve('acknowledged');
        });
      });
    },
    onMessage(listener) {
      client.on('message', listener);
    },
    close() {
      closed ??= new Promise<void>((resolve) => {
        client.removeAllListeners('message');
        if (stream.closed) return resolve();
        // A peer that reads nothing more would hold DISCONNECT back for ever, and the run with it.
        const giveUp = () => void stream.destroy();
        deadline.signal.addEventListener('abort', giveUp, { once: true });
        stream.once('close', () => {
          deadline.signal.removeEventListener('abort', giveUp);
          resolve();
        });
        if (!client.connected || deadline.signal.aborted) return void stream.destroy();
        recorder.sent('DISCONNECT');
        // MQTT 3.1.1 section 3.14.4: after DISCONNECT the client closes the connection, without waiting for the server's goodbye.
        stream.write(disconnectPacket, () => stream.destroy());
      });
      return closed;
    },
  };
}

function classifyClientError(error: Error & { code?: unknown }, { phase, received }: Recorder): TransportFailure {
  if (typeof error.code === 'number' && phase === 'mqttConnect') {
    received('CONNACK', { status: error.code });
    return { kind: 'connectionRefused', phase, returnCode: error.code, message: error.message };
  }
  // ws's own codes tell of frames that RFC 6455 does not allow; all the others are those of a socket.
  if (typeof error.code === 'string' && !error.code.startsWith('WS_ERR_'))
    return classifySocketError(error as NodeJS.ErrnoException, phase);
  // What carries no other code comes from mqtt.js's parser, or from its checks of what MQTT 3.1.1 allows at this point.
  return { kind: 'malformedResponse', phase, message: `not an MQTT 3.1.1 answer: ${error.message}` };
}
