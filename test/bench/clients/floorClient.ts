import { createHmac } from 'node:crypto';
import { connect, type SecureContext } from 'node:tls';
import mqttPacket from 'mqtt-packet';
import type { BenchDevice } from '../benchDevice.ts';

/**
 * The floor: the fewest instructions that make a device register. A TLS socket on a shared context and packets written by hand:
 * no phases, no named failures, no deadline, no pings. What our exchange costs above this is what those cost.
 */
export function registerOnFloor(device: BenchDevice, secureContext: SecureContext, keepalive = 180): Promise<string> {
  const { host, port, idScope, registrationId, key } = device;
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, servername: host, secureContext });
    const parser = mqttPacket.parser({ protocolVersion: 4 });
    const send = (packet: mqttPacket.Packet) => socket.write(mqttPacket.generate(packet));
    let messageId = 0;
    let rid = 0;
    const publish = (topic: string, payload: string) => {
      messageId += 1;
      rid += 1;
      send({ cmd: 'publish', topic: `${topic}/?$rid=${rid}`, payload, qos: 1, messageId, dup: false, retain: false });
    };
    socket.setNoDelay(true);
    socket.on('error', reject);
    socket.on('data', (bytes) => parser.parse(bytes));
    socket.once('secureConnect', () =>
      send({
        cmd: 'connect',
        protocolId: 'MQTT',
        protocolVersion: 4,
        clean: true,
        keepalive,
        clientId: registrationId,
        username: `${idScope}/registrations/${registrationId}/api-version=2019-03-31`,
        password: Buffer.from(sasToken(`${idScope}%2Fregistrations%2F${registrationId}`, key)),
      }),
    );
    parser.on('packet', (packet) => {
      switch (packet.cmd) {
        case 'connack':
          messageId += 1;
          return send({ cmd: 'subscribe', messageId, subscriptions: [{ topic: '$dps/registrations/res/#', qos: 1 }] });
        case 'suback':
          return publish('$dps/registrations/PUT/iotdps-register', JSON.stringify({ registrationId }));
        case 'publish': {
          if (packet.qos === 1 && packet.messageId !== undefined) send({ cmd: 'puback', messageId: packet.messageId });
          const body = JSON.parse(packet.payload.toString());
          if (packet.topic.includes('/res/200/')) {
            socket.end(mqttPacket.generate({ cmd: 'disconnect' }), () => socket.destroy());
            return resolve(body.registrationState.assignedHub);
          }
          if (!packet.topic.includes('/res/202/')) return reject(new Error(packet.topic));
          const wait = Number(/retry-after=(\d+)/.exec(packet.topic)?.[1] ?? 2) * 1000;
          const poll = () => {
            messageId += 1;
            rid += 1;
            const topic = `$dps/registrations/GET/iotdps-get-operationstatus/?$rid=${rid}&operationId=${body.operationId}`;
            send({ cmd: 'publish', topic, payload: '', qos: 1, messageId, dup: false, retain: false });
          };
          if (wait === 0) poll();
          else setTimeout(poll, wait);
        }
      }
    });
  });
}

function sasToken(sr: string, key: string): string {
  const se = Math.floor(Date.now() / 1000) + 3600;
  const sig = createHmac('sha256', Buffer.from(key, 'base64')).update(`${sr}\n${se}`).digest('base64');
  return `SharedAccessSignature sr=${sr}&sig=${encodeURIComponent(sig)}&se=${se}&skn=registration`;
}
