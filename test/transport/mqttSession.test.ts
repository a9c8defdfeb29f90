import { Duplex } from 'node:stream';
import { generate } from 'mqtt-packet';
import { describe, expect, it } from 'vitest';
import { createDeadline } from '../../src/transport/deadline.ts';
import { openMqttSession } from '../../src/transport/mqttSession.ts';
import { createRecorder } from '../../src/transport/recorder.ts';

/** A peer that accepts CONNECT, responds with CONNACK, and stops reading. */
function stuckPeer(): Duplex {
  let written = 0;
  return new Duplex({
    read() {},
    write(_bytes, _encoding, done) {
      written += 1;
      if (written > 1) return;
      this.push(generate({ cmd: 'connack', returnCode: 0, sessionPresent: false }));
      done();
    },
  });
}

describe('closing a session', () => {
  it('ends with the deadline when the peer reads nothing, not even DISCONNECT', async () => {
    const stream = stuckPeer();
    const deadline = createDeadline(200);
    const recorder = createRecorder('mqttConnect');
    const opened = await openMqttSession(stream, { clientId: 'one', username: 'u' }, { recorder, deadline });
    if (opened.kind !== 'opened') throw new Error(opened.failure.message);
    await opened.session.close();
    expect(stream.destroyed).toBe(true);
    deadline.end();
  });
});

describe('a listener that throws', () => {
  it('ends the current step with its error, and not the process', async () => {
    const wire = stuckPeer();
    const deadline = createDeadline(5_000);
    const recorder = createRecorder('mqttConnect');
    const opened = await openMqttSession(wire, { clientId: 'one', username: 'u' }, { recorder, deadline });
    if (opened.kind !== 'opened') throw new Error(opened.failure.message);
    opened.session.onMessage(() => {
      throw new RangeError('a bug');
    });
    wire.push(generate({ cmd: 'publish', topic: 't', payload: '', qos: 0, dup: false, retain: false }));
    await expect(opened.session.failed).rejects.toThrow('a bug');
    deadline.end();
    await opened.session.close();
  });
});
