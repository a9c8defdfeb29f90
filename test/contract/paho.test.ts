import { execFile, spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLocalAuthority } from '../../src/emulator/certificates.ts';
import { type RunningDps, startDps } from '../../src/emulator/dps/startDps.ts';
import { requirement } from '../support/requires.ts';
import { registrationToken } from '../support/sasToken.ts';

const python = ['python3', '/usr/bin/python3'].find(
  (program) => spawnSync(program, ['-c', 'import paho.mqtt.client'], { stdio: 'ignore' }).status === 0,
);
const needsPaho = requirement(python !== undefined, 'Eclipse Paho for Python: apt-get install python3-paho-mqtt');
const script = fileURLToPath(new URL('pahoDevice.py', import.meta.url));
const key = Buffer.from('key of one').toString('base64');
const authority = await createLocalAuthority();

let folder: string;
let dps: RunningDps;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'paho-'));
  const leaf = await authority.issueClient({ commonName: 'certified' });
  await writeFile(join(folder, 'ca.pem'), authority.caPem);
  await writeFile(join(folder, 'cert.pem'), leaf.cert);
  await writeFile(join(folder, 'key.pem'), leaf.key);
  const signingCertificates = { primary: { certificate: authority.intermediate.cert } };
  dps = await startDps({
    certificate: await authority.issueServer(),
    configuration: {
      retryAfterSeconds: 0,
      individualEnrollments: [
        { registrationId: 'one', attestation: { type: 'symmetricKey', symmetricKey: { primaryKey: key } } },
      ],
      enrollmentGroups: [{ enrollmentGroupId: 'x', attestation: { type: 'x509', x509: { signingCertificates } } }],
    },
  });
});
afterAll(async () => {
  await dps.close();
  await rm(folder, { recursive: true });
});

interface PahoRun {
  readonly id?: string;
  readonly password?: string;
  readonly clean?: boolean;
  readonly transport?: 'tcp' | 'websockets';
  readonly certificate?: boolean;
}

async function register({ id = 'one', password = '', clean = true, transport = 'tcp', certificate }: PahoRun) {
  const port = transport === 'tcp' ? dps.mqttsPort : dps.wssPort;
  const device = [port, join(folder, 'ca.pem'), dps.idScope, id, password, clean ? '1' : '0', transport].map(String);
  const files = certificate ? [join(folder, 'cert.pem'), join(folder, 'key.pem')] : [];
  const { stdout } = await promisify(execFile)(python ?? 'python3', [script, ...device, ...files], { timeout: 20_000 });
  return JSON.parse(stdout);
}

describe('a device on Eclipse Paho', needsPaho, () => {
  it.each(['tcp', 'websockets'] as const)('registers with a key over %s', async (transport) => {
    const result = await register({ password: registrationToken('one', key), transport });
    expect(result).toMatchObject({ status: 200, body: { status: 'assigned', registrationState: { deviceId: 'one' } } });
  });

  it('registers with CleanSession 0 and a token without skn, as Microsoft’s Python SDK does', async () => {
    const result = await register({ password: registrationToken('one', key, { skn: undefined }), clean: false });
    expect(result).toMatchObject({ status: 200, body: { status: 'assigned' } });
  });

  it('registers with a certificate', async () => {
    const result = await register({ id: 'certified', certificate: true });
    expect(result).toMatchObject({ status: 200, body: { registrationState: { deviceId: 'certified' } } });
  });

  it('is refused with a wrong key, and without any credential', async () => {
    const wrong = registrationToken('one', Buffer.from('another key').toString('base64'));
    expect(await register({ password: wrong })).toMatchObject({ status: 401, body: { errorCode: 401000 } });
    expect(await register({})).toEqual({ connack: 5 });
  });
});
