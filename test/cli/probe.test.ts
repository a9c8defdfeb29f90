import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { createLocalAuthority, type IssuedCertificate } from '../../src/emulator/certificates.ts';
import { type RunningEmulator, startEmulator } from '../../src/emulator/startEmulator.ts';
import type { Outcome } from '../../src/outcomes/outcome.ts';
import { bareEnvironment } from '../support/bareEnvironment.ts';
import { plantedSecrets } from '../support/plantedSecrets.ts';
import { requires } from '../support/requires.ts';

vi.setConfig({ testTimeout: 60_000 });

const command = fileURLToPath(new URL('../../src/cli/probe.ts', import.meta.url));
const key = plantedSecrets.symmetricKey;
const folder = mkdtempSync(join(tmpdir(), 'probe-test-'));
let emulator: RunningEmulator;
let device: IssuedCertificate;

beforeAll(async () => {
  device = await (await createLocalAuthority()).issueClient({ commonName: 'with-certificate' });
  emulator = await startEmulator({
    host: '127.0.0.1',
    mqttsPort: 0,
    wssPort: 0,
    hubPort: 0,
    configuration: {
      idScope: '0neLOCAL',
      retryAfterSeconds: 0,
      individualEnrollments: [
        { registrationId: 'one', attestation: { type: 'symmetricKey', symmetricKey: { primaryKey: key } } },
        {
          registrationId: 'silent',
          attestation: { type: 'symmetricKey', symmetricKey: { primaryKey: key } },
          fault: { kind: 'silent', at: 'register' },
        },
        {
          registrationId: 'with-certificate',
          attestation: { type: 'x509', x509: { clientCertificates: { primary: { certificate: leafOf(device) } } } },
        },
      ],
      enrollmentGroups: [
        { enrollmentGroupId: 'fleet', attestation: { type: 'symmetricKey', symmetricKey: { primaryKey: key } } },
      ],
    },
  });
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await emulator?.close();
});

function run(args: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  const env = { ...bareEnvironment(), INIT_CWD: folder, NODE_EXTRA_CA_CERTS: emulator.caFile, ...environment };
  const child = spawn(process.execPath, [command, ...args], { stdio: ['ignore', 'pipe', 'pipe'], env });
  const ended = Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]).then(
    ([stdout, stderr, [code]]) => ({ stdout, stderr, code: code as number }),
  );
  const lines = createInterface({ input: child.stdout });
  const line = (pattern: RegExp) =>
    new Promise<string>((found, missing) => {
      lines.on('line', (one) => pattern.test(one) && found(one));
      void ended.then(({ stdout, stderr }) => missing(new Error(`no line like ${pattern} in:\n${stdout}${stderr}`)));
    });
  return { child, ended, line };
}

/** The arguments of a device at the emulator, unless `more` names another endpoint. */
function atEmulator(registrationId: string, ...more: readonly string[]): readonly string[] {
  const endpoint = more.includes('--endpoint') ? [] : ['--endpoint', `localhost:${emulator.mqttsPort}`];
  return ['--id-scope', '0neLOCAL', '--registration-id', registrationId, ...endpoint, ...more];
}

function fileWith(name: string, contents: string): string {
  writeFileSync(join(folder, name), contents);
  return name;
}

/** The first certificate of a chain: what an individual enrollment holds. */
function leafOf({ cert }: IssuedCertificate): string {
  return cert.split(/(?<=-----END CERTIFICATE-----)\n/)[0] ?? '';
}

const noLease = 'This run holds no lease: it can cut off a deployed run of the same device.\n';

describe('npm run probe', () => {
  it('runs one device with a key from the environment, shows each phase with its packets, and exits 0', async () => {
    const { stdout, stderr, code } = await run(
      atEmulator('one', '--key-env', 'DEVICE_KEY', '--verify-hub', 'twin', '--hub', `localhost:${emulator.hubPort}`),
      { DEVICE_KEY: key },
    ).ended;
    expect(stdout).toMatch(
      /^one in 0neLOCAL at localhost:\d+ over mqtt, individual symmetric key, expects assigned, then hub twin\n/,
    );
    const phases = [...stdout.matchAll(/^ {2}(\w+) +\d+\.\d ms$/gm)].map(([, phase]) => phase);
    expect(phases).toEqual([
      'credential',
      'dns',
      'tcp',
      'tls',
      'mqttConnect',
      'subscribe',
      'register',
      'assign',
      'hub',
    ]);
    expect(stdout).toMatch(/ms → CONNECT .*\n.*ms ← CONNACK .*\n {2}mqttConnect/);
    expect(stdout).toMatch(
      /\n✔ healthy {3}command-line .* assigned to localhost:\d+ as one\n {2}Next: nothing to do\.\n$/,
    );
    expect({ stderr, code }).toEqual({ stderr: noLease, code: 0 });
    expect(stdout).not.toContain(key);
  });

  it('prints only the Outcome with --json, with a key from a file in the current directory', async () => {
    const { stdout, code } = await run(atEmulator('one', '--key-file', fileWith('one.key', `${key}\n`), '--json'))
      .ended;
    const outcome = JSON.parse(stdout) as Outcome;
    expect(outcome).toMatchObject({
      verdict: 'healthy',
      trigger: 'command',
      registrationId: 'one',
      result: { kind: 'assigned' },
    });
    expect(stdout.trimEnd().split('\n')).toHaveLength(1);
    expect(code).toBe(0);
    expect(stdout).not.toContain(key);
  });

  it('derives the key of a device from that of its group', async () => {
    const { stdout, code } = await run(atEmulator('anyone', '--group', '--key-env', 'GROUP_KEY', '--json'), {
      GROUP_KEY: key,
    }).ended;
    expect(JSON.parse(stdout)).toMatchObject({ verdict: 'healthy', result: { deviceId: 'anyone' } });
    expect(code).toBe(0);
  });

  it('presents a certificate, in one file with its key or in two, over WebSocket too', async () => {
    const ws = ['--transport', 'mqtt-ws', '--endpoint', `localhost:${emulator.wssPort}`];
    const one = ['--certificate', fileWith('both.pem', `${device.key}\n${device.cert}`)];
    const two = [
      '--certificate',
      fileWith('leaf.pem', device.cert),
      '--certificate-key',
      fileWith('leaf.key', device.key),
    ];
    for (const args of [one, [...two, ...ws]]) {
      const { stdout, code } = await run(atEmulator('with-certificate', '--json', ...args)).ended;
      expect({ ...JSON.parse(stdout), code }).toMatchObject({ verdict: 'healthy', code: 0 });
      expect(stdout).not.toContain('PRIVATE KEY');
    }
  });

  it('exits 1 with the reason and the next step for a wrong key, and 0 when that is expected', async () => {
    const environment = { WRONG: Buffer.from('another key').toString('base64') };
    const refused = await run(atEmulator('one', '--key-env', 'WRONG'), environment).ended;
    expect(refused.stdout).toMatch(/✖ failing .* refused in phase \w+ with 401\d*\n {2}└ .* Next: /);
    expect(refused.code).toBe(1);
    expect((await run(atEmulator('one', '--key-env', 'WRONG', '--expect', 'refused'), environment).ended).code).toBe(0);
  });

  it('shows each phase when it ends and not after the run; Ctrl-C ends it with an outcome and exit code 1', async () => {
    const probe = run(atEmulator('silent', '--key-env', 'DEVICE_KEY', '--timeout', '50'), { DEVICE_KEY: key });
    await probe.line(/→ PUBLISH .*iotdps-register/);
    probe.child.kill('SIGINT');
    const { stdout, code } = await probe.ended;
    expect(stdout).toMatch(/\? unknown .* not run: cancelled/);
    expect(code).toBe(1);
  });

  it.each<[string, readonly string[], Readonly<Record<string, string>>]>([
    ['a key that is not base64', ['--key-env', 'DEVICE_KEY'], { DEVICE_KEY: 'not base64 at all!' }],
    ['a file that is not a certificate', ['--certificate', 'garbage.pem'], {}],
    ['a deadline that passes immediately', ['--key-env', 'DEVICE_KEY', '--timeout', '0.001'], { DEVICE_KEY: key }],
    [
      'a name that does not resolve',
      ['--key-env', 'DEVICE_KEY', '--endpoint', 'nowhere.invalid', '--timeout', '20'],
      { DEVICE_KEY: key },
    ],
  ])('has an outcome and exit code 1 for %s', async (_, args, environment) => {
    fileWith('garbage.pem', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n');
    const { stdout, stderr, code } = await run(atEmulator('one', '--json', ...args), environment).ended;
    const { verdict, reasons } = JSON.parse(stdout) as Outcome;
    expect(['failing', 'unknown']).toContain(verdict);
    expect(reasons.join()).toMatch(/ Next: /);
    expect({ stderr, code }).toEqual({ stderr: noLease, code: 1 });
  });

  it('has an outcome if the server accepts the connection and never responds', async () => {
    const server = createServer((socket) => socket.resume().on('error', () => undefined)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const { port } = server.address() as { port: number };
    const args = atEmulator(
      'one',
      '--key-env',
      'DEVICE_KEY',
      '--endpoint',
      `127.0.0.1:${port}`,
      '--timeout',
      '1',
      '--json',
    );
    const { stdout, code } = await run(args, { DEVICE_KEY: key }).ended;
    expect(JSON.parse(stdout)).toMatchObject({ verdict: 'failing', result: { kind: 'timedOut', phase: 'tls' } });
    expect(code).toBe(1);
  });
});

describe('npm run probe exits with code 2, before anything runs,', () => {
  it.each<[string, readonly string[], RegExp]>([
    ['a key in an argument', ['--key', key], /^A key must not be an argument/],
    ['a key in an argument with =', [`--symmetric-key=${key}`], /^A key must not be an argument/],
    ['a key as the only argument', [key], /^Expected the name of a configured probe/],
    [
      'a key in place of its file',
      ['--id-scope', '0ne1', '--registration-id', 'r', '--key-file', key],
      /^--key-file: expected the path of a file that can be read \(ENOENT\)\n$/,
    ],
    [
      'a key in place of its variable',
      ['--id-scope', '0ne1', '--registration-id', 'r', '--key-env', key],
      /^--key-env: expected the name of an environment variable/,
    ],
    [
      'a key and a certificate',
      ['--id-scope', '0ne1', '--registration-id', 'r', '--key-env', 'A', '--certificate', 'b'],
      /^Expected only one of/,
    ],
    ['no key and no terminal', ['--id-scope', '0ne1', '--registration-id', 'r'], /^No key: use --key-env NAME/],
    ['no device', ['--key-env', 'A'], /^Required, but missing: --id-scope and --registration-id/],
    ['an unknown option', ['--id-scop', '0ne1'], /^Unknown option --id-scop \(did you mean --id-scope\?\)\.\n/],
    [
      'a timeout that is not a number',
      ['--id-scope', '0ne1', '--registration-id', 'r', '--timeout', 'soon'],
      /^--timeout: expected a number of seconds/,
    ],
    [
      'too much time',
      ['--id-scope', '0ne1', '--registration-id', 'r', '--timeout', '600'],
      /^--timeout: expected at most 220, got 600\n$/,
    ],
    [
      'a wrong expectation',
      ['--id-scope', '0ne1', '--registration-id', 'r', '--expect', 'refuse'],
      /^--expect: expected .* \(did you mean "refused"\?\)\n$/,
    ],
    ['the placeholder', ['--id-scope', '0ne00000000', '--registration-id', 'r'], /^--id-scope: .*placeholder/],
    [
      'a renewal without a certificate',
      ['--id-scope', '0ne1', '--registration-id', 'r', '--verify-hub', 'renew'],
      /^--verify-hub: renew is expected only with/,
    ],
    [
      'a hub with a scheme',
      ['--id-scope', '0ne1', '--registration-id', 'r', '--hub', 'https://h'],
      /^--hub: expected host/,
    ],
  ])('for %s', async (_, args, message) => {
    const { stdout, stderr, code } = await run(args).ended;
    expect({ stdout, code }).toEqual({ stdout: '', code: 2 });
    expect(stderr).toMatch(message);
    expect(stderr).not.toContain(key);
  });
});

describe('npm run probe -- NAME', () => {
  const configured = () => ({
    PROBES: JSON.stringify([
      {
        name: 'mine',
        idScope: '0neLOCAL',
        registrationId: 'one',
        globalDeviceEndpoint: `localhost:${emulator.mqttsPort}`,
        attestation: { type: 'symmetricKey', secret: 'my-key' },
      },
    ]),
  });

  it('runs a configured probe with its secret from LOCAL_SECRETS_FILE, a path from where it was called', async () => {
    const LOCAL_SECRETS_FILE = fileWith('secrets.json', JSON.stringify({ 'My-Key': key }));
    const { stdout, code } = await run(['mine', '--json'], { ...configured(), LOCAL_SECRETS_FILE }).ended;
    expect(JSON.parse(stdout)).toMatchObject({ probe: 'mine', verdict: 'healthy' });
    expect(code).toBe(0);
  });

  it.each([
    [{ value: key, enabled: false }, 'disabled'],
    [{ value: key, expiresOn: '2020-01-01T00:00:00Z' }, 'expired'],
    [{ value: key, notBefore: '2090-01-01T00:00:00Z' }, 'notYetValid'],
  ])('finds a secret of that file as unusable as the vault would: %j', async (secret, cause) => {
    const LOCAL_SECRETS_FILE = join(folder, fileWith('odd.json', JSON.stringify({ 'my-key': secret })));
    const { stdout, code } = await run(['mine', '--json'], { ...configured(), LOCAL_SECRETS_FILE }).ended;
    expect(JSON.parse(stdout)).toMatchObject({ verdict: 'unknown', result: { kind: 'notRun', cause } });
    expect(code).toBe(1);
  });

  it('is unknown if no secret can be read', async () => {
    const { stdout, code } = await run(['mine'], configured()).ended;
    expect(stdout).toMatch(/not run: notFound\n {2}└ .*add it to LOCAL_SECRETS_FILE, or set KEY_VAULT_URL/);
    expect(code).toBe(1);
  });

  it.each<[string, readonly string[], RegExp]>([
    ['a name with a typo', ['mien'], /^No probe is named mien\. Did you mean mine\?\n$/],
    ['a device besides the name', ['mine', '--id-scope', '0ne1'], /^--id-scope describes a device/],
    ['two names', ['mine', 'yours'], /^Expected the name of one configured probe, got 2 names/],
  ])('exits 2 for %s', async (_, args, message) => {
    const { stderr, code } = await run(args, configured()).ended;
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
  });

  it('exits 2 with every error of the configuration', async () => {
    const { stderr, code } = await run(['mine'], { PROBES: '[{}]', KEY_VAULT_URL: 'vault' }).ended;
    expect(stderr).toMatch(/^KEY_VAULT_URL: .*\nPROBES\[0\]\.name: required, but missing\n/);
    expect(code).toBe(2);
  });
});

it('asks for the key on a terminal, and does not show the input', requires('script'), async () => {
  const args = atEmulator('one', '--json')
    .map((arg) => `'${arg}'`)
    .join(' ');
  const env = { ...bareEnvironment(), NODE_EXTRA_CA_CERTS: emulator.caFile };
  const shell = spawn('script', ['-qec', `'${process.execPath}' '${command}' ${args}`, '/dev/null'], { env });
  let shown = '';
  shell.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    if (!shown.includes('not shown') && `${shown}${chunk}`.includes('not shown')) shell.stdin.write(`${key}\r`);
    shown += chunk;
  });
  const [code] = await once(shell, 'close');
  expect(shown).toContain('"verdict":"healthy"');
  expect(shown).not.toContain(key);
  expect(code).toBe(0);
});
