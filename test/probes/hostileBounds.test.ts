/**
 * A server may send any amount of data: a run ends by its deadline, needs little memory, and does not block the event loop for long.
 * Measured in a separate process.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { generate } from 'mqtt-packet';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLocalAuthority, type LocalAuthority } from '../../src/emulator/certificates.ts';
import { accepted, connack, type Flood, frame, startFloodingServer } from '../support/floodingServer.ts';
import type { RunCost } from '../support/measuredRuns.ts';
import { plantedSecrets } from '../support/plantedSecrets.ts';

const program = fileURLToPath(new URL('../support/measuredRuns.ts', import.meta.url));
const timeoutSeconds = 1;
const key = plantedSecrets.symmetricKey;

let authority: LocalAuthority;
let folder: string;
beforeAll(async () => {
  authority = await createLocalAuthority();
  folder = await mkdtemp(join(tmpdir(), 'bounds-'));
  await writeFile(join(folder, 'ca.pem'), authority.caPem);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function publish(topic: string, payload: string | Buffer, qos: 0 | 1 | 2 = 0): Buffer {
  return generate({ cmd: 'publish', topic, payload, qos, messageId: 1, dup: false, retain: false });
}
const response = (status: number, body: string) => publish(`$dps/registrations/res/${status}/?$rid=1`, body);
const repeat = (bytes: Buffer, times: number) => Buffer.concat(Array.from({ length: times }, () => bytes));
const pingresp = generate({ cmd: 'pingresp' });
const large = response(200, JSON.stringify({ operationId: 'x'.repeat(50_000_000), status: 'assigned' }));
const nested = response(
  200,
  `{"operationId":"o","status":"assigned","x":${'['.repeat(100_000)}${']'.repeat(100_000)}}`,
);

const malformed = { kind: 'malformedResponse' };
const floods: readonly (readonly [name: string, flood: Flood, result: object])[] = [
  ['PINGRESPs', { first: accepted, piece: repeat(pingresp, 30_000) }, malformed],
  ['messages without a request', { first: accepted, piece: repeat(publish('t', 'x'), 10_000) }, malformed],
  [
    'messages at QoS 1, each to be acknowledged',
    { first: accepted, piece: repeat(publish('t', 'x', 1), 10_000) },
    malformed,
  ],
  ['messages at QoS 2', { first: accepted, piece: repeat(publish('t', 'x'.repeat(1000), 2), 100) }, malformed],
  ['50 MB of JSON in one packet', { first: accepted, piece: large }, malformed],
  ['JSON that is nested 100,000 deep', { first: accepted, piece: nested }, malformed],
  ['messages of 200 KB', { first: accepted, piece: publish('t', 'x'.repeat(200_000)) }, malformed],
  [
    'a packet that never ends',
    {
      first: Buffer.concat([accepted, publish('t', 'x'.repeat(200_000)).subarray(0, 20)]),
      piece: Buffer.from('x'),
      everyMs: 5,
    },
    { kind: 'timedOut' },
  ],
  [
    'nothing, after CONNACK',
    { first: connack, piece: Buffer.alloc(0), everyMs: 1000 },
    { kind: 'timedOut', phase: 'subscribe' },
  ],
  ['bytes that are not MQTT', { piece: Buffer.alloc(100_000, 0xff) }, malformed],
  [
    'interim responses to the upgrade',
    { webSocket: true, refusesUpgrade: true, piece: repeat(Buffer.from('HTTP/1.1 100 Continue\r\n\r\n'), 1_000) },
    { kind: 'webSocketRefused' },
  ],
  [
    'a header that never ends',
    {
      webSocket: true,
      refusesUpgrade: true,
      first: Buffer.from('HTTP/1.1 101 x\r\na: '),
      piece: Buffer.alloc(9_000, 'a'),
    },
    { kind: 'webSocketRefused' },
  ],
  ['WebSocket pings', { webSocket: true, piece: repeat(frame(9, Buffer.from('p')), 20_000) }, malformed],
  ['empty WebSocket frames', { webSocket: true, piece: repeat(frame(2, Buffer.alloc(0)), 30_000) }, malformed],
  [
    'a WebSocket message that never ends',
    { webSocket: true, first: frame(2, connack, false), piece: frame(0, Buffer.alloc(60_000), false) },
    malformed,
  ],
  [
    'one WebSocket frame of 1 GB',
    {
      webSocket: true,
      first: frame(2, Buffer.alloc(0)),
      piece: Buffer.concat([Buffer.from([0x82, 127, 0, 0, 0, 0, 0x40, 0, 0, 0]), Buffer.alloc(60_000)]),
    },
    malformed,
  ],
  [
    'WebSocket frames of PINGRESPs',
    { webSocket: true, first: frame(2, accepted), piece: frame(2, repeat(pingresp, 60_000)) },
    malformed,
  ],
];

const runFile = promisify(execFile);

describe('a run against a server that sends without end', () => {
  const servers: { readonly close: () => Promise<void> }[] = [];
  let costs: readonly RunCost[];
  beforeAll(async () => {
    const certificate = await authority.issueServer();
    const probes = floods.map(async ([, flood]) => {
      const server = await startFloodingServer(certificate, flood);
      servers.push(server);
      return {
        name: 'hostile',
        idScope: '0neLOCAL',
        registrationId: 'hostile',
        attestation: { type: 'symmetricKey', secret: 'key' },
        transport: flood.webSocket ? 'mqtt-ws' : 'mqtt',
        globalDeviceEndpoint: `localhost:${server.port}`,
        timeoutSeconds,
      };
    });
    const given = ['--expose-gc', program, JSON.stringify(await Promise.all(probes)), key];
    const { stdout } = await runFile(process.execPath, given, {
      env: { ...process.env, NODE_EXTRA_CA_CERTS: join(folder, 'ca.pem') },
    });
    costs = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as RunCost);
  }, 60_000);
  afterAll(() => Promise.all(servers.map((server) => server.close())));

  it.each(floods.map(([name, , result], index) => [name, result, index] as const))(
    '%s is ended in time, without a long pause and within its memory',
    (_name, result, index) => {
      expect(costs[index]).toMatchObject(result);
      expect(costs[index]?.lateMs).toBeLessThan(100);
      expect(costs[index]?.pauseMs).toBeLessThan(100);
      expect(costs[index]?.addedMegabytes).toBeLessThan(100);
    },
  );
});
