import { Duplex } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import fc from 'fast-check';
import { generate } from 'mqtt-packet';
import { describe, expect, it } from 'vitest';
import { createPacketStream, maxPacketBytes } from '../../src/transport/packetStream.ts';

const connack = generate({ cmd: 'connack', returnCode: 0, sessionPresent: false });
const suback = generate({ cmd: 'suback', messageId: 1, granted: [1] });
const pingresp = generate({ cmd: 'pingresp' });

function publish(bytes: number, qos: 0 | 1 | 2 = 0): Buffer {
  return generate({
    cmd: 'publish',
    topic: 't',
    payload: Buffer.alloc(bytes),
    qos,
    messageId: 1,
    dup: false,
    retain: false,
  });
}

/** The bytes that pass, and the error that ended the stream. */
async function receive(chunks: readonly Uint8Array[]): Promise<{ bytes: Buffer; violation?: string }> {
  const wire = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });
  const stream = createPacketStream(wire);
  const received: Buffer[] = [];
  stream.on('data', (bytes: Buffer) => received.push(bytes));
  const ended = new Promise<string | undefined>((resolve) => {
    stream.once('error', ({ message }) => resolve(message));
    stream.once('close', () => resolve(undefined));
  });
  for (const chunk of chunks) wire.push(chunk);
  setImmediate(() => setImmediate(() => wire.destroy()));
  const violation = await ended;
  expect(wire.destroyed).toBe(true);
  return { bytes: Buffer.concat(received), ...(violation !== undefined && { violation }) };
}

function cut(bytes: Buffer, sizes: readonly number[]): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  for (let at = 0, index = 0; at < bytes.length; index += 1) {
    const size = sizes[index % sizes.length] ?? 1;
    chunks.push(bytes.subarray(at, at + size));
    at += size;
  }
  return chunks;
}

describe('what a server sends', () => {
  it('passes unchanged, with any split into chunks', async () => {
    const all = Buffer.concat([connack, suback, publish(300), publish(20_000, 1), pingresp]);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 5_000 }), { minLength: 1, maxLength: 5 }), async (sizes) => {
        // Single bytes would take minutes for twenty thousand packets.
        expect(await receive(cut(all, [...sizes, 9_000]))).toEqual({ bytes: all });
      }),
      { numRuns: 30 },
    );
  });

  it.each<[string, readonly Uint8Array[], RegExp]>([
    ['another packet before CONNACK', [pingresp], /first packet is of type 13/],
    ['a second CONNACK', [connack, connack], /a second CONNACK/],
    ['a CONNACK of length 0', [Buffer.from([0x20, 0])], /CONNACK of length 0/],
    ['a CONNACK of length 3', [Buffer.from([0x20, 3, 0, 0, 0])], /CONNACK of length 3/],
    ['a SUBACK without a code', [connack, Buffer.from([0x90, 2, 0, 1])], /SUBACK of length 2/],
    ['a SUBACK with two codes', [connack, Buffer.from([0x90, 4, 0, 1, 1, 1])], /SUBACK of length 4/],
    ['a PUBLISH at QoS 2', [connack, publish(1, 2)], /PUBLISH at QoS 2/],
    ['a PUBLISH at QoS 3', [connack, Buffer.from([0x36, 5, 0, 1, 116, 0, 1])], /PUBLISH at QoS 3/],
    ['a PUBREC', [connack, generate({ cmd: 'pubrec', messageId: 1 })], /type 5/],
    ['a SUBSCRIBE', [connack, Buffer.from([0x82, 0])], /type 8/],
    ['a packet of the reserved type 0', [connack, Buffer.from([0, 0])], /type 0/],
    ['a length of five bytes', [connack, Buffer.from([0x30, 0xff, 0xff, 0xff, 0xff, 1])], /more than four bytes/],
    ['a packet that is too large', [connack, publish(maxPacketBytes)], /a packet of 262147 bytes/],
    [
      'too many packets',
      [connack, Buffer.concat(Array.from({ length: 1_000 }, () => pingresp))],
      /more than 500 packets/,
    ],
  ])('ends at the packet that MQTT 3.1.1 does not allow: %s', async (_case, chunks, violation) => {
    const whole = await receive([Buffer.concat(chunks)]);
    expect(whole.violation).toMatch(violation);
    if (Buffer.concat(chunks).length > 100) return;
    const inBytes = await receive(cut(Buffer.concat(chunks), [1]));
    expect(inBytes.violation).toBe(whole.violation);
    // The first bytes of an incomplete header may have been passed on.
    expect(inBytes.bytes.subarray(0, whole.bytes.length)).toEqual(whole.bytes);
  });

  it('ends before the body of a packet that is too large has been read', async () => {
    const { bytes } = await receive([connack, publish(maxPacketBytes).subarray(0, 10)]);
    expect(bytes).toEqual(connack);
  });
});

describe('a packet stream', () => {
  const puback = generate({ cmd: 'puback', messageId: 7 });
  const pingreq = generate({ cmd: 'pingreq' });

  function writingTo(written: Buffer[]) {
    const write = (chunk: Buffer, _encoding: BufferEncoding, done: () => void) => {
      written.push(chunk);
      done();
    };
    return createPacketStream(new Duplex({ read() {}, write }));
  }

  it('writes a packet completely, with any number of pieces', () => {
    const written: Buffer[] = [];
    const stream = writingTo(written);
    stream.cork();
    for (const byte of pingreq) stream.write(Buffer.from([byte]));
    stream.uncork();
    expect(written).toEqual([pingreq]);
    stream.destroy();
  });

  it('writes a PUBACK with the packet that follows it', async () => {
    const written: Buffer[] = [];
    const stream = writingTo(written);
    stream.write(puback);
    stream.write(pingreq);
    await nextTurn();
    expect(written).toEqual([Buffer.concat([puback, pingreq])]);
    stream.destroy();
  });

  it('writes a PUBACK separately if no packet follows it immediately', async () => {
    const written: Buffer[] = [];
    const stream = writingTo(written);
    stream.write(puback);
    await nextTurn();
    expect(written).toEqual([puback]);
    stream.destroy();
  });

  it('writes no PUBACK after its end', async () => {
    const written: Buffer[] = [];
    const stream = writingTo(written);
    stream.write(puback);
    stream.destroy();
    await nextTurn();
    expect(written).toEqual([]);
  });
});
