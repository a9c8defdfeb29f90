import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import mqtt from 'mqtt';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectPacket, isPublish, rawMqttOverTls } from '../support/rawMqttClient.ts';
import { registrationToken, sasToken } from '../support/sasToken.ts';
import { unusedPort } from '../support/unusedPort.ts';

const command = fileURLToPath(new URL('../../src/cli/emulator.ts', import.meta.url));
const anyPorts = ['--port', '0', '--ws-port', '0', '--hub-port', '0'];
const demoKey = Buffer.from('a key that opens only the DPS stand-in').toString('base64');

function emulator(...args: string[]): ChildProcess {
  return spawn(process.execPath, [command, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
}

/** Runs it to its end. */
async function ended(child: ChildProcess): Promise<{ code: unknown; errors: string }> {
  let errors = '';
  child.stderr?.on('data', (text) => {
    errors += text;
  });
  const [code] = await once(child, 'close');
  return { code, errors };
}

interface Listening {
  readonly event: string;
  readonly mqtts: number;
  readonly wss: number;
  readonly hub: number;
  readonly idScope: string;
  readonly caFile: string;
}

describe('npm run emulator', () => {
  it('prints one JSON line with its ports, then a line for each request, and deletes its files when it stops', async () => {
    const child = emulator(...anyPorts, '--json');
    const end = ended(child);
    const lines = createInterface({ input: child.stdout ?? process.stdin })[Symbol.asyncIterator]();
    const listening: Listening = JSON.parse((await lines.next()).value ?? '');
    expect(listening).toEqual({
      event: 'listening',
      mqtts: expect.any(Number),
      wss: expect.any(Number),
      hub: expect.any(Number),
      idScope: '0neLOCAL',
      caFile: expect.stringMatching(/ca\.pem$/),
    });

    const client = await mqtt.connectAsync(`mqtts://localhost:${listening.mqtts}`, {
      ca: await readFile(listening.caFile),
      protocolVersion: 4,
      reconnectPeriod: 0,
      clientId: 'demo-device',
      username: '0neLOCAL/registrations/demo-device/api-version=2019-03-31',
      password: registrationToken('demo-device', demoKey),
    });
    expect(JSON.parse((await lines.next()).value ?? '')).toMatchObject({
      event: 'request',
      service: 'dps',
      kind: 'connect',
      clientId: 'demo-device',
      answer: 0,
    });
    await client.endAsync();

    child.kill('SIGINT');
    expect(await end).toEqual({ code: 0, errors: '' });
    await expect(access(listening.caFile)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('shows a person the addresses, the demo keys and each request', async () => {
    const child = emulator(...anyPorts);
    const end = ended(child);
    let screen = '';
    child.stdout?.setEncoding('utf8');
    for await (const text of child.stdout ?? []) {
      screen += text;
      if (screen.includes('Ctrl-C')) break;
    }
    child.kill('SIGTERM');
    await end;
    expect(screen).toContain(`registrationId demo-device  key ${demoKey}`);
    expect(screen).toMatch(/MQTT over TLS +localhost:\d+/);
  });
});

describe('npm run emulator with --hub-port equal to --port, field report 3a', () => {
  it('serves DPS and hub on one listener, and assigns a hub without a port that is in its certificate', async () => {
    const port = String(await unusedPort());
    const names = 'global.azure-devices-provisioning.net,my-hub.azure-devices.net';
    const child = emulator('--port', port, '--ws-port', '0', '--hub-port', port, '--names', names, '--json');
    const end = ended(child);
    const lines = createInterface({ input: child.stdout ?? process.stdin })[Symbol.asyncIterator]();
    const { mqtts, hub, caFile }: Listening = JSON.parse((await lines.next()).value ?? '');
    expect([mqtts, hub]).toEqual([Number(port), Number(port)]);

    const ca = await readFile(caFile, 'utf8');
    const dps = await rawMqttOverTls({ port: mqtts, ca, servername: 'global.azure-devices-provisioning.net' });
    dps.send(connectPacket('demo-device', registrationToken('demo-device', demoKey)));
    await dps.next();
    dps.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: '$dps/registrations/res/#', qos: 1 }] });
    await dps.next();
    const ask = async (topic: string, payload: string) => {
      dps.send({ cmd: 'publish', topic, payload, qos: 0, dup: false, retain: false });
      const response = await dps.next();
      return JSON.parse(isPublish(response) ? response.payload.toString() : 'null');
    };
    const { operationId } = await ask(
      '$dps/registrations/PUT/iotdps-register/?$rid=1',
      '{"registrationId":"demo-device"}',
    );
    const status = `$dps/registrations/GET/iotdps-get-operationstatus/?$rid=2&operationId=${operationId}`;
    const { registrationState } = await ask(status, '');
    expect(registrationState).toMatchObject({ assignedHub: 'my-hub.azure-devices.net', deviceId: 'demo-device' });
    dps.end();

    const device = await rawMqttOverTls({ port: hub, ca, servername: 'my-hub.azure-devices.net' });
    const resource = 'my-hub.azure-devices.net/devices/demo-device';
    device.send(
      connectPacket('demo-device', sasToken({ resource, key: demoKey, skn: undefined }), {
        username: 'my-hub.azure-devices.net/demo-device/?api-version=2021-04-12',
      }),
    );
    expect(await device.next()).toMatchObject({ cmd: 'connack', returnCode: 0 });
    device.end();
    child.kill('SIGINT');
    expect(await end).toEqual({ code: 0, errors: '' });
  });
});

describe('npm run emulator exits with code 2', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'emulator-test-'));
    await writeFile(join(folder, 'bad.json'), '{ "idScope": 7, "enrolmentGroups": [] }');
    await writeFile(join(folder, 'broken.json'), '{ "idScope": ');
  });
  afterAll(() => rm(folder, { recursive: true }));

  it.each([
    ['an unknown option', ['--prot', '1'], /Unknown option --prot \(did you mean --port\?\)\./],
    ['a port that is out of range', ['--ws-port', '70000'], /--ws-port: expected a port, 0 to 65535, got "70000"\./],
    ['an invalid name', ['--names', 'hub.example,not a name'], /--names: expected host names .*, got "not a name"\./],
    ['an address that is not one', ['--host', 'not a host'], /^--host: expected an address .*, got "not a host"\.$/m],
    ['an empty address', ['--host', ''], /^--host: expected an address of this machine, got ""\.$/m],
    [
      'an option that is given twice',
      ['--host', '::1', '--host', '0.0.0.0'],
      /^--host: expected once, got it twice\.$/m,
    ],
    ['a file that is not there', ['--config', '/nowhere.json'], /\/nowhere\.json: cannot be read: ENOENT/],
  ])('for %s', async (_, args, message) => {
    const { code, errors } = await ended(emulator(...args));
    expect(code).toBe(2);
    expect(errors).toMatch(message);
  });

  it('for an invalid configuration, with every error', async () => {
    const file = join(folder, 'bad.json');
    const { code, errors } = await ended(emulator('--config', file));
    expect(code).toBe(2);
    expect(errors.trim().split('\n')).toEqual([
      `${file}: idScope: expected a string, got 7`,
      `${file}: enrolmentGroups: unknown field (did you mean "enrollmentGroups"?)`,
      'The fields and faults of the configuration are listed in docs/emulator.md.',
    ]);
  });

  it('for a file that is not JSON', async () => {
    const { code, errors } = await ended(emulator('--config', join(folder, 'broken.json')));
    expect(code).toBe(2);
    expect(errors).toMatch(/broken\.json: not valid JSON: unexpected token or end at line 1, column \d+\n$/);
  });

  it.each(['--port', '--ws-port', '--hub-port'])('when the port of %s is in use, naming the option', async (option) => {
    const occupied = createServer();
    await new Promise<void>((resolve) => occupied.listen(0, '127.0.0.1', resolve));
    const address = occupied.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const others = anyPorts.filter((_, index, all) => all[index] !== option && all[index - 1] !== option);
    const { code, errors } = await ended(emulator(...others, option, String(port)));
    expect({ code, errors }).toEqual({
      code: 2,
      errors: `Port ${port} is in use. Stop the program that listens there, or choose another port with ${option}.\n`,
    });
    await new Promise((resolve) => occupied.close(resolve));
  });
});
