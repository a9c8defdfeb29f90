import { Duplex } from 'node:stream';

/** More than the largest message of DPS (96 KB) or of a hub (256 KB with its topic). */
export const maxPacketBytes = 256 * 1024;
/** A run of 220 s, the longest possible, needs some 250 packets. */
export const maxPackets = 500;

/** The server sent bytes that MQTT 3.1.1 does not allow here, or more than a device ever needs. */
export class MalformedPacketError extends Error {
  override readonly name = 'MalformedPacketError';
}

/**
 * The packets of one MQTT connection over a stream of bytes. Writes each packet in one piece: mqtt-packet writes up to a dozen pieces, each
 * of which would become its own TLS record or WebSocket frame. A PUBACK, which no server waits for, is written together with the packet
 * that mostly follows at once. Forwards what the server sends up to the first byte that breaks a rule; the stream is then destroyed with a
 * MalformedPacketError, before the packet's body has been read.
 */
export function createPacketStream(wire: Duplex): Duplex {
  const check = packetChecker();
  let held: readonly Buffer[] = []; // a PUBACK
  const send = (pieces: readonly { readonly chunk: Buffer }[], done: (error?: Error | null) => void) => {
    const bytes = Buffer.concat([...held, ...pieces.map(({ chunk }) => chunk)]);
    held = isPuback(bytes) ? [bytes] : [];
    if (held.length === 0) return void wire.write(bytes, done);
    setImmediate(sendHeld);
    done();
  };
  const sendHeld = () => {
    for (const puback of wire.destroyed ? [] : held) wire.write(puback);
    held = [];
  };
  const stream = new Duplex({
    read: () => void wire.resume(),
    write: (chunk: Buffer, _encoding, done) => send([{ chunk }], done),
    writev: send,
    destroy(error, done) {
      wire.off('data', onData);
      if (wire.closed) return done(error);
      wire.once('close', () => done(error));
      wire.destroy();
    },
  });
  const onData = (bytes: Buffer) => {
    const { validBytes, violation } = check(bytes);
    if (validBytes > 0 && !stream.push(violation ? bytes.subarray(0, validBytes) : bytes)) wire.pause();
    if (violation === undefined) return;
    wire.off('data', onData).pause();
    // The valid part is handled first.
    setImmediate(() => stream.destroy(new MalformedPacketError(violation)));
  };
  wire.on('data', onData);
  wire.on('error', (error) => stream.destroy(error));
  wire.once('close', () => stream.destroy());
  return stream;
}

interface Checked {
  readonly validBytes: number;
  /** What is wrong with the next packet. */
  readonly violation?: string;
}

/** The type is the upper half of a packet's first byte (MQTT 3.1.1 section 2.2.1). */
const types = { connack: 2, publish: 3, puback: 4, suback: 9, pingresp: 13 } as const;
const sentByServers: readonly number[] = Object.values(types);

/** One PUBACK and nothing else (MQTT 3.1.1 section 3.4). */
function isPuback(bytes: Buffer): boolean {
  return bytes.length === 4 && bytes.readUInt8(0) >> 4 === types.puback;
}

/** Checks the packets' headers, which may be split over chunks. */
function packetChecker(): (bytes: Buffer) => Checked {
  let header: number[] = [];
  let bodyBytesLeft = 0;
  let packets = 0;

  const violationOf = ([first = 0, ...lengthBytes]: readonly number[]): string | undefined => {
    const type = first >> 4;
    const length = lengthBytes.reduce((sum, byte, index) => sum + (byte & 0x7f) * 128 ** index, 0);
    packets += 1;
    bodyBytesLeft = length;
    if (packets > maxPackets) return `more than ${maxPackets} packets`;
    if (length > maxPacketBytes) return `a packet of ${length} bytes, expected at most ${maxPacketBytes}`;
    if (!sentByServers.includes(type)) return `a packet of type ${type}, which a server does not send to this client`;
    // MQTT 3.1.1 section 3.2: the first packet from the server, and sent once.
    if ((packets === 1) !== (type === types.connack)) {
      return packets === 1 ? `the first packet is of type ${type}, expected CONNACK` : 'a second CONNACK';
    }
    if (type === types.connack && length !== 2) return `a CONNACK of length ${length}, expected 2`;
    // Section 3.9.3: one return code for each filter, and this client subscribes to one filter at a time.
    if (type === types.suback && length !== 3) return `a SUBACK of length ${length}, expected 3`;
    // Section 3.8.4: a server must not send at a higher QoS than it granted, and that is at most 1.
    if (type === types.publish && (first & 0x04) !== 0)
      return `a PUBLISH at QoS ${(first >> 1) & 3}, which was not granted`;
    return undefined;
  };

  return (bytes) => {
    let packetStart = 0;
    for (let at = 0; at < bytes.length; ) {
      if (bodyBytesLeft > 0) {
        const body = Math.min(bodyBytesLeft, bytes.length - at);
        bodyBytesLeft -= body;
        at += body;
        continue;
      }
      if (header.length === 0) packetStart = at;
      const byte = bytes[at] ?? 0;
      header.push(byte);
      at += 1;
      const lengthEnds = header.length > 1 && byte < 0x80;
      // Section 2.2.3: the remaining length takes at most four bytes.
      if (!lengthEnds && header.length < 5) continue;
      const violation = lengthEnds ? violationOf(header) : 'a remaining length of more than four bytes';
      header = [];
      if (violation) return { validBytes: packetStart, violation };
    }
    return { validBytes: bytes.length };
  };
}
