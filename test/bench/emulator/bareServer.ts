import { createServer, type TLSSocket } from 'node:tls';
import mqttPacket, { type Packet } from 'mqtt-packet';
import type { IssuedCertificate } from '../../../src/emulator/certificates.ts';

/**
 * The minimum for comparison with the emulator: a server that assigns every device with as few instructions as possible. A TLS server and
 * packets written by hand, without checks, state or records. The handshake is the service's own: it asks for a device certificate.
 */
export function createBareServer({ cert, key }: IssuedCertificate) {
  return createServer({ cert, key, noDelay: true, requestCert: true, rejectUnauthorized: false }, serve);
}

const state = { assignedHub: 'hub.azure-devices.net', deviceId: 'device', status: 'assigned' };
const assigning = JSON.stringify({ operationId: '4.0123456789abcdef.bare', status: 'assigning' });
const assigned = JSON.stringify({
  operationId: '4.0123456789abcdef.bare',
  status: 'assigned',
  registrationState: state,
});

function serve(socket: TLSSocket): void {
  const packets = mqttPacket.parser({ protocolVersion: 4 });
  const send = (packet: Packet) => socket.write(mqttPacket.generate(packet));
  const respond = (topic: string, payload: string, messageId: number) =>
    send({ cmd: 'publish', topic, payload, qos: 1, messageId, dup: false, retain: false });
  socket.on('error', () => {});
  socket.on('data', (bytes) => packets.parse(bytes));
  packets.on('packet', (packet): unknown => {
    switch (packet.cmd) {
      case 'connect':
        return send({ cmd: 'connack', returnCode: 0, sessionPresent: false });
      case 'subscribe':
        return send({ cmd: 'suback', messageId: packet.messageId ?? 0, granted: [1] });
      case 'publish': {
        send({ cmd: 'puback', messageId: packet.messageId ?? 0 });
        const rid = /\$rid=([^&]+)/.exec(packet.topic)?.[1];
        return packet.topic.includes('/PUT/')
          ? respond(`$dps/registrations/res/202/?$rid=${rid}&retry-after=0`, assigning, 1)
          : respond(`$dps/registrations/res/200/?$rid=${rid}`, assigned, 2);
      }
      case 'disconnect':
        return socket.end();
      default:
        return undefined;
    }
  });
}
