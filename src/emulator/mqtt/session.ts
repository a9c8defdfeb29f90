import { generate, type Packet, parser } from 'mqtt-packet';
import type { Wire } from './wire.ts';

/** Handlers of a session's packets and events. A returned promise delays the following packets. */
export interface SessionOwner<State> {
  receive(session: MqttSession<State>, packet: Packet): Promise<void> | undefined;
  notice(session: MqttSession<State>, event: SessionEvent): void;
}

export type SessionEvent =
  | { readonly kind: 'pingreq' | 'disconnect' }
  | { readonly kind: 'puback' }
  | { readonly kind: 'close'; readonly unacknowledged: number; readonly note: string | undefined };

/** 96 KB of body (DPS limit) plus the topic. A device that sends a larger packet is disconnected. */
const maxPacketBytes = 160 * 1024;
/** Section 3.1.4, non normative: close if no CONNECT arrives within a reasonable time. */
const connectWithinMs = 30_000;

/** One MQTT 3.1.1 connection: parses packets, passes them to its owner in order, and sends responses. */
export class MqttSession<State> {
  readonly wire: Wire;
  readonly number: number;
  /** Set by the service when it accepts the CONNECT. */
  state: State | undefined;
  /** A CONNECT was received, whether accepted or not. */
  connectSeen = false;

  readonly #owner: SessionOwner<State>;
  readonly #waiting: Packet[] = [];
  #busy = false;
  #closed = false;
  #silent = false;
  #fragmented = false;
  #lastMessageId = 0;
  readonly #unacknowledged = new Set<number>();
  #closeReason: string | undefined;
  #delay: NodeJS.Timeout | undefined;

  constructor(wire: Wire, number: number, owner: SessionOwner<State>) {
    this.wire = wire;
    this.number = number;
    this.#owner = owner;
    const packets = parser({ protocolVersion: 4 });
    packets.on('packet', (packet) => this.#receive(packet));
    packets.on('error', (error: Error) => this.#malformed(error));
    wire.onBytes((bytes) => {
      if (this.#closed) return;
      if (packets.parse(bytes) > maxPacketBytes) this.close('packet too large');
    });
    wire.onClose(() => {
      this.#closed = true;
      clearTimeout(this.#delay);
      owner.notice(this, { kind: 'close', unacknowledged: this.#unacknowledged.size, note: this.#closeReason });
    });
    wire.onIdle(connectWithinMs, () => this.close('no CONNECT'));
  }

  get closed(): boolean {
    return this.#closed;
  }

  send(packet: Packet): void {
    this.sendBytes(generate(packet));
  }

  sendBytes(bytes: Buffer): void {
    if (this.#closed || this.#silent) return;
    if (!this.#fragmented) this.wire.write(bytes);
    else for (const byte of bytes) this.wire.write(Buffer.of(byte));
  }

  /** Publishes to the device. At QoS 1 a PUBACK is expected (section 4.3.2); missing ones are counted when the connection closes. */
  deliver(topic: string, payload: string | Buffer, qos: 0 | 1): void {
    const message = { cmd: 'publish', topic, payload, qos, retain: false, dup: false } as const;
    if (qos === 0) {
      this.send(message);
      return;
    }
    // [MQTT-2.3.1-4] a packet identifier that is not in use: identifiers count up and restart after 65,535
    this.#lastMessageId = (this.#lastMessageId % 0xffff) + 1;
    this.#unacknowledged.add(this.#lastMessageId);
    this.send({ ...message, messageId: this.#lastMessageId });
  }

  acknowledged(messageId: number): void {
    this.#unacknowledged.delete(messageId);
  }

  /** [MQTT-3.1.2-24] closes the connection after one and a half times the keep-alive without a packet. 0: never. */
  keepAlive(keepAliveSeconds: number): void {
    this.wire.onIdle(keepAliveSeconds * 1500, () => this.close('keep alive'));
  }

  /** Delays the response. Never resolves if the connection closes meanwhile. */
  wait(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.#delay = setTimeout(resolve, delayMs);
    });
  }

  /** Sends nothing from now on, but keeps the connection open. */
  silence(): void {
    this.#silent = true;
  }

  /** Sends every byte separately from now on. */
  fragment(): void {
    this.#fragmented = true;
  }

  close(reason?: string): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#closeReason = reason;
    this.wire.end();
  }

  reset(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.wire.reset();
  }

  #receive(packet: Packet): void {
    this.#waiting.push(packet);
    this.#work();
  }

  #work(): void {
    while (!this.#busy && !this.#closed) {
      const packet = this.#waiting.shift();
      if (packet === undefined) return;
      let pending: Promise<void> | undefined;
      try {
        pending = this.#owner.receive(this, packet);
      } catch (error) {
        this.#closeAfterError(error);
      }
      if (pending === undefined) continue;
      this.#busy = true;
      const resume = () => {
        this.#busy = false;
        this.#work();
      };
      pending.then(resume, (error: unknown) => {
        this.#closeAfterError(error);
        resume();
      });
    }
  }

  /** A bug in the stand-in closes only this connection. */
  #closeAfterError(error: unknown): void {
    this.close(`an error of the stand-in: ${error instanceof Error ? error.message : String(error)}`);
  }

  #malformed(error: Error): void {
    // [MQTT-3.1.2-2] for an unacceptable protocol level, send CONNACK 1 before closing the connection
    if (!this.connectSeen && error.message === 'Invalid protocol version') {
      this.send({ cmd: 'connack', returnCode: 1, sessionPresent: false });
    }
    this.close(`malformed packet: ${error.message}`); // [MQTT-4.8.0-1]
  }
}
