import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { type Azurite, startAzurite } from '../../src/local/azurite.ts';
import type { Outcome } from '../../src/outcomes/outcome.ts';
import { bareEnvironment } from '../support/bareEnvironment.ts';
import { probeJson } from '../support/probeJson.ts';
import { descendantsOf, isRunning } from '../support/processTree.ts';

// Each starts several processes, on machines that may be busy with other tests.
vi.setConfig({ testTimeout: 90_000 });

const startCommand = fileURLToPath(new URL('../../src/cli/start.ts', import.meta.url));
const emulatorCommand = fileURLToPath(new URL('../../src/cli/emulator.ts', import.meta.url));

type Environment = Readonly<Record<string, string>>;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'start-test-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** The environment of a new user: only the variables of the test are set. */
function run(command: string, args: readonly string[], environment: Environment = {}) {
  const temporary = mkdtempSync(join(folder, 'tmp-'));
  const env = { ...bareEnvironment(), TMPDIR: temporary, PORT: '0', ...environment };
  const child = spawn(process.execPath, [command, ...args], { stdio: ['ignore', 'pipe', 'pipe'], env });
  const lines = createInterface({ input: child.stdout });
  const ended = Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]).then(
    ([stdout, stderr, [code]]) => ({ stdout, stderr, code: code as number }),
  );
  return {
    child,
    ended,
    leftFiles: () => readdir(temporary),
    /** Waits for the next line that matches. Rejects if the process ends without one. */
    line: (pattern: RegExp) =>
      new Promise<string>((resolve, reject) => {
        lines.on('line', (line) => pattern.test(line) && resolve(line));
        void ended.then(({ stdout, stderr }) => reject(new Error(`no line like ${pattern} in:\n${stdout}${stderr}`)));
      }),
  };
}

const start = (args: readonly string[], environment?: Environment) => run(startCommand, args, environment);

function outcomesIn(stdout: string): Outcome[] {
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}

async function fileWith(name: string, contents: string): Promise<string> {
  const file = join(folder, name);
  await writeFile(file, contents);
  return file;
}

/** A server that accepts connections and never responds. */
async function silentPort(): Promise<number> {
  const server = createServer((socket) => socket.resume().on('error', () => undefined));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('expected a TCP port');
  onTestFinished(() => new Promise<void>((closed) => server.close(() => closed())));
  return address.port;
}

describe('npm start -- --once --json', () => {
  it('prints only one line with the outcome of each sample, and exits 0', async () => {
    const command = start(['--once', '--json']);
    const { stdout, stderr, code } = await command.ended;
    const outcomes = outcomesIn(stdout);
    expect(Object.fromEntries(outcomes.map((outcome) => [outcome.probe, outcome]))).toMatchObject({
      'individual-key': { verdict: 'healthy', result: { kind: 'assigned', deviceId: 'canary-001' } },
      certificate: { verdict: 'healthy', result: { kind: 'assigned', deviceId: 'canary-006' } },
      'group-key': { verdict: 'healthy', result: { kind: 'assigned', deviceId: 'canary-002' } },
      'wrong-key-is-refused': { verdict: 'healthy', result: { kind: 'rejected', status: 401 } },
      'operational-certificate': {
        verdict: 'healthy',
        result: { connectionProfile: 'classic', renewal: { certificate: { subject: 'canary-004' } } },
      },
      'slow-assignment': { verdict: 'degraded', reasons: [expect.stringContaining('expected within 2 s')] },
    });
    expect(outcomes).toHaveLength(6);
    expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
    expect(await command.leftFiles()).toEqual([]);
  });
});

describe('npm start with configured probes', () => {
  const key = Buffer.from('a key that opens only the DPS stand-in').toString('base64'); // as the emulator prints it
  let azurite: Azurite;
  let emulator: ReturnType<typeof run>;
  let own: Environment;
  beforeAll(async () => {
    azurite = await startAzurite();
    emulator = run(emulatorCommand, ['--port', '0', '--ws-port', '0', '--hub-port', '0', '--json']);
    const listening = JSON.parse(await emulator.line(/listening/));
    own = {
      AzureWebJobsStorage: azurite.connectionString,
      NODE_EXTRA_CA_CERTS: listening.caFile,
      LOCAL_SECRETS_FILE: await fileWith(
        'secrets.json',
        JSON.stringify({ 'my-key': key, 'my-other-key': { value: key.toLowerCase(), contentType: 'text/plain' } }),
      ),
      PROBES_FILE: await fileWith(
        'probes.json',
        JSON.stringify([
          mine({}, listening.mqtts),
          mine({ name: 'over-ws', transport: 'mqtt-ws' }, listening.wss),
          mine({ name: 'wrong', attestation: { type: 'symmetricKey', secret: 'my-other-key' } }, listening.mqtts),
        ]),
      ),
    };
    port = listening.mqtts;
  });
  afterAll(async () => {
    emulator?.child.kill('SIGINT');
    await Promise.all([emulator?.ended, azurite?.close()]);
  });

  let port: number;
  function mine(changes: Readonly<Record<string, unknown>>, at = port): object {
    return probeJson({
      name: 'mine',
      idScope: '0neLOCAL',
      registrationId: 'demo-device',
      attestation: { type: 'symmetricKey', secret: 'my-key' },
      globalDeviceEndpoint: `localhost:${at}`,
      timeoutSeconds: 10,
      ...changes,
    });
  }
  function withProbes(...probes: readonly object[]): Environment {
    const { PROBES_FILE: _, ...rest } = own;
    return { ...rest, PROBES: JSON.stringify(probes) };
  }

  it('runs them with the configured endpoint, secrets and trusted certificates, prints the next step of one that fails, and exits 1', async () => {
    const { stdout, stderr, code } = await start(['--once'], own).ended;
    expect(stdout).toMatch(/✔ healthy {3}mine /);
    expect(stdout).toMatch(/✔ healthy {3}over-ws /);
    expect(stdout).toMatch(/✖ failing {3}wrong .*\n {2}└ .*401.* Next: /);
    expect({ stderr, code }).toEqual({ stderr: '', code: 1 });
    expect(stdout).not.toContain(key);
  });

  it('reports unknown within the deadline when the vault does not respond, and exits 1', async () => {
    const vault = `https://localhost:${await silentPort()}`;
    const environment = { ...withProbes(mine({ timeoutSeconds: 2 })), KEY_VAULT_URL: vault };
    const { stdout, stderr, code } = await start(['--once', '--json'], environment).ended;
    const [outcome] = outcomesIn(stdout);
    expect(outcome).toMatchObject({ verdict: 'unknown', result: { kind: 'notRun', cause: 'timedOut' } });
    expect(outcome?.durationMs).toBeGreaterThan(1900);
    expect(outcome?.durationMs).toBeLessThan(5000); // the machine may be busy
    expect(outcome?.reasons.join()).toMatch(/the vault localhost, .*did not respond in time/);
    expect(stderr).toBe('LOCAL_SECRETS_FILE is not used: KEY_VAULT_URL points at a vault that has its own secrets.\n');
    expect(code).toBe(1);
  });

  it('prints what to do when its port is in use, exits 1, and leaves no process behind', async () => {
    const occupied = await silentPort();
    const command = start(['--once'], { ...own, PORT: String(occupied) });
    const { stderr, code } = await command.ended;
    expect({ stderr, code }).toEqual({
      stderr: `Port ${occupied} on 127.0.0.1 is in use: stop the other program, or choose another port with PORT.\n`,
      code: 1,
    });
    expect(await command.leftFiles()).toEqual([]);
  });

  it('ends every process on Ctrl-C in the middle of a run, and exits 1', async () => {
    const slow = mine({ name: 'slow', timeoutSeconds: 3, globalDeviceEndpoint: `localhost:${await silentPort()}` });
    const command = start(['--once'], withProbes(mine({}), slow));
    await command.line(/healthy {3}mine/);
    const pids = descendantsOf(command.child.pid ?? 0);
    expect(pids.length).toBeGreaterThan(0);
    command.child.kill('SIGINT');
    expect(await command.ended).toMatchObject({ stderr: 'Stopped before every probe had its outcome.\n', code: 1 });
    expect(pids.filter(isRunning)).toEqual([]);
  });
});

describe('npm start', () => {
  it('shows the stand-ins, one line for each outcome and the next steps, and ends every process on Ctrl-C without losing data', async () => {
    const command = start([]);
    const page = /http\S+/.exec(await command.line(/^Status page:/))?.[0] ?? '';
    const samples = ['individual-key', 'group-key', 'wrong-key-is-refused', 'slow-assignment', 'disabled-enrollment'];
    await Promise.all(samples.map((probe) => command.line(new RegExp(`^[✔▲✖] \\w+ +${probe} `))));
    const rendered = await fetch(page, { headers: { accept: 'text/html' } });
    expect(rendered.status).toBe(200);
    expect(await rendered.text()).toContain('slow-assignment');
    const home = await fetch(new URL('/', page), { redirect: 'manual' });
    const key = new URL(page).searchParams.get('code');
    expect([home.status, (await home.text()).replace(`${key}`, 'KEY')]).toEqual([
      200,
      'Open the URL of the status page that npm start printed: it contains the key.\n',
    ]);

    const pids = descendantsOf(command.child.pid ?? 0);
    const runNow = (probe: string) => fetch(page.replace('/status?', `/probes/${probe}/runs?`), { method: 'POST' });
    const slow = runNow('slow-assignment');
    await runNow('wrong-key-is-refused'); // which takes a fraction of the other
    command.child.kill('SIGINT');
    expect(await (await slow).json()).toMatchObject({ probe: 'slow-assignment', verdict: 'degraded' });

    const { stdout, stderr, code } = await command.ended;
    const [screen = '', afterwards] = stdout.split(
      'Stopping: waiting for running probes and batches, then for storage. Press Ctrl-C again to quit now.\n',
    );
    for (const name of ['Storage (Azurite)', 'DPS', 'IoT Hub', 'Key Vault', 'Managed identity', 'Functions']) {
      expect.soft(screen).toMatch(new RegExp(`^ {2}${name.replace(/[()]/g, '\\$&')} +\\S+://`, 'm'));
    }
    for (const probe of ['individual-key', 'group-key', 'wrong-key-is-refused', 'slow-assignment']) {
      expect
        .soft(screen.slice(screen.indexOf('Status page')))
        .toMatch(new RegExp(`^[✔▲] \\w+ +${probe} .* s  \\w+ `, 'm'));
    }
    expect(afterwards).toContain('slow-assignment');
    expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
    expect(pids.length).toBeGreaterThanOrEqual(2); // Azurite and the functions
    expect(pids.filter(isRunning)).toEqual([]);
  });
});

it('npm start shows no error when Ctrl-C reaches all of its processes while they start', async () => {
  const { child, line, ended, leftFiles } = start([]);
  await line(/starting …$/);
  const { pid = 0 } = child;
  await vi.waitFor(() => expect(descendantsOf(pid)).not.toEqual([]), { timeout: 60_000 });
  // As a terminal does it, the command first.
  for (const one of [pid, ...descendantsOf(pid)]) process.kill(one, 'SIGINT');
  const { stderr } = await ended;
  expect(stderr.replace('Stopped.\n', '')).toBe('');
  expect(await leftFiles()).toEqual([]);
});

describe('npm start -- --data DIR', () => {
  it('stores the history over a restart, uses FUNCTION_KEY as its key, and shows a simulation when it starts and when it finishes', async () => {
    const data = ['--data', join(folder, 'data')];
    const environment = { FUNCTION_KEY: 'my own key'.replaceAll(' ', '-') };
    const headers = { 'x-functions-key': environment.FUNCTION_KEY };
    const storedRuns = async (page: string) => {
      const response = await fetch(`${new URL('outcomes?limit=1000', page)}`, { headers });
      const { outcomes } = (await response.json()) as { outcomes: readonly Outcome[] };
      return outcomes.map(({ runId }) => runId);
    };
    const before = start(data, environment);
    const page = /http\S+/.exec(await before.line(/^Status page:/))?.[0] ?? '';
    expect(page).toMatch(/\/api\/status\?code=my-own-key$/);
    await before.line(/healthy +individual-key/);
    const [started, ended] = [
      before.line(/^▸ simulation \w{24} started: 3 devices of group-key$/),
      before.line(/^▪ simulation \w{24} finished: 3 healthy/),
    ];
    const body = JSON.stringify({ probe: 'group-key', devices: 3 });
    expect((await fetch(new URL('simulations', page), { method: 'POST', headers, body })).status).toBe(202);
    await Promise.all([started, ended]);
    const runs = await storedRuns(page);
    expect(runs.length).toBeGreaterThan(0);
    before.child.kill('SIGINT');
    expect(await before.ended).toMatchObject({ code: 0 });

    const after = start(data, environment);
    const pageAfter = /http\S+/.exec(await after.line(/^Status page:/))?.[0] ?? '';
    expect(await storedRuns(pageAfter)).toEqual(expect.arrayContaining(runs));
    after.child.kill('SIGINT');
    expect(await after.ended).toMatchObject({ code: 0 });
  });
});

describe('npm start exits with code 2, before anything starts,', () => {
  it('with a line for each of twelve errors', async () => {
    const secret = 'c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2U=';
    const probes = [
      probeJson({ name: 'Upper' }),
      probeJson({ name: 'a', idscope: '0ne' }),
      probeJson({ name: 'b', idScope: 7 }),
      probeJson({ name: 'c', registrationId: '-c' }),
      probeJson({ name: 'd', attestation: { type: 'tpm' } }),
      probeJson({ name: 'e', attestation: { type: 'symmetricKey', secret } }),
      probeJson({ name: 'f', globalDeviceEndpoint: 'https://dps.example' }),
      probeJson({ name: 'g', transport: 'amqp' }),
      probeJson({ name: 'a' }),
    ];
    const { stdout, stderr, code } = await start(['--once', '--json'], {
      PROBES_FILE: await fileWith('errors.json', JSON.stringify(probes)),
      PROBE_SCHEDULE: 'now and then',
      KEY_VAULT_URL: 'vault',
      LOCAL_SECRETS_FILE: await fileWith('bad-secrets.json', '{ "my-key": 7 }'),
    }).ended;
    expect({ stdout, code }).toEqual({ stdout: '', code: 2 });
    expect(
      stderr
        .trimEnd()
        .split('\n')
        .map((line) => line.slice(0, line.indexOf(': '))),
    ).toEqual([
      'KEY_VAULT_URL',
      'PROBE_SCHEDULE',
      'PROBES_FILE[0].name',
      'PROBES_FILE[1].idscope',
      'PROBES_FILE[2].idScope',
      'PROBES_FILE[3].registrationId',
      'PROBES_FILE[4].attestation.type',
      'PROBES_FILE[5].attestation.secret',
      'PROBES_FILE[6].globalDeviceEndpoint',
      'PROBES_FILE[7].transport',
      'PROBES_FILE[8].name',
      'LOCAL_SECRETS_FILE.my-key',
    ]);
    expect(stderr).not.toContain(secret);
  });

  it.each([
    ['an unknown option', ['--onec'], {}, /^Unknown option --onec \(did you mean --once\?\)\./],
    ['an unexpected argument', ['once'], {}, /^Unexpected argument 'once'/],
    ['--json alone', ['--json'], {}, /^--json needs --once\.\n/],
    ['a port that does not exist', [], { PORT: '70000' }, /^PORT: expected a number from 0 to 65535\./],
    [
      'a key that is too short',
      [],
      { FUNCTION_KEY: 'short' },
      /^FUNCTION_KEY: expected at least 8 printable characters/,
    ],
    [
      'a folder that cannot be written',
      ['--data', '/dev/null/x'],
      {},
      /^--data: expected the path of a folder that can be written \(ENOTDIR\)/,
    ],
  ] as const)('with where to look, for %s', async (_, args, environment, message) => {
    const { stdout, stderr, code } = await start(args, environment).ended;
    expect({ stdout, code }).toEqual({ stdout: '', code: 2 });
    expect(stderr).toMatch(message);
    expect(stderr).toContain('Run npm start -- --help to see all options.');
  });

  it('for a PROBES_FILE and a LOCAL_SECRETS_FILE that are not there', async () => {
    const files = { PROBES_FILE: '/nowhere/probes.json', LOCAL_SECRETS_FILE: '/nowhere/secrets.json' };
    expect(await start(['--once'], files).ended).toEqual({
      stdout: '',
      stderr: `PROBES_FILE: expected the path of a file that can be read (ENOENT)
LOCAL_SECRETS_FILE: expected the path of a file that can be read (ENOENT)
`,
      code: 2,
    });
  });
});

it('npm start -- --help shows its usage', async () => {
  const { stdout, code } = await start(['--help']).ended;
  expect(stdout).toMatch(/^npm start/);
  expect(code).toBe(0);
});
