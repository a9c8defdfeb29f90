import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createSimulationClient } from '../../src/cli/simulate/simulationClient.ts';
import { deleteCommands, writeResult } from '../../src/cli/simulate/simulationResult.ts';
import { describeSimulation } from '../../src/cli/simulate/simulationTable.ts';
import type { Outcome } from '../../src/outcomes/outcome.ts';
import type { SimulationView } from '../../src/simulations/simulationView.ts';
import { buildOutcome } from '../support/buildOutcome.ts';
import { sampleSimulations } from '../support/sampleSimulations.ts';
import { unusedPort } from '../support/unusedPort.ts';
import { functionKey, useInstances } from '../support/useInstances.ts';

// Each starts a process or two, on machines that may be busy with other tests.
vi.setConfig({ testTimeout: 90_000 });
const instances = useInstances();
const command = fileURLToPath(new URL('../../src/cli/simulate.ts', import.meta.url));
let url: string;
beforeAll(async () => {
  ({ url } = await instances.start());
  // The first run of an app loads the client of the vault: a device of a simulation with a short timeout would wait for that.
  const headers = { 'x-functions-key': functionKey };
  await fetch(`${url}/api/probes/group-key/runs`, { method: 'POST', headers });
});

function simulate(args: readonly string[]) {
  const child = spawn(process.execPath, [command, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]).then(
    ([stdout, stderr, [code]]) => ({ stdout, stderr, code: code as number }),
  );
  return { child, ended };
}

const against = (...args: string[]) => ['--url', url, '--key', functionKey, ...args];

describe('npm run simulate', () => {
  it('prints the result as one JSON object and exits 0 when every device is healthy', async () => {
    const { stdout, stderr, code } = await simulate(against('--probe', 'group-key', '--devices', '12', '--json')).ended;
    expect(JSON.parse(stdout)).toMatchObject({ state: 'finished', devices: 12, verdicts: { healthy: 12 } });
    expect(stderr).toMatch(/^Simulation [0-9a-f]{24}: 12 devices of group-key/);
    expect(code).toBe(0);
  });

  it('prints a table for people, and exits 1 when a device is not healthy', async () => {
    // Less than the retry-after of the sample's service, which is a second.
    const args = against('--probe', 'group-key', '--devices', '3', '--timeout', '0.8');
    const { stdout, code } = await simulate(args).ended;
    expect(stdout).toMatch(/finished: 3 devices of group-key/);
    expect(stdout).toMatch(/failing \d × timedOut@/);
    expect(code).toBe(1);
  });

  it('cancels the simulation on Ctrl-C, reports it, and exits 1', async () => {
    const { child, ended } = simulate(against('--probe', 'group-key', '--devices', '300', '--rate', '5', '--json'));
    await once(child.stderr, 'data');
    child.kill('SIGINT');
    const { stdout, stderr, code } = await ended;
    expect(stderr).toMatch(/is cancelled/);
    const view = JSON.parse(stdout) as SimulationView;
    expect(view.state).toBe('cancelled');
    expect(view.cancelled).toBeGreaterThan(0);
    expect(view.verdicts.healthy + view.cancelled).toBe(300);
    expect(code).toBe(1);
  });

  it('reports the URL and the error if no server responds, and exits 1', async () => {
    const unusedUrl = `http://127.0.0.1:${await unusedPort()}`;
    const { stderr, code } = await simulate(['--probe', 'x', '--devices', '1', '--url', unusedUrl, '--key', 'k']).ended;
    expect(stderr).toContain(`${unusedUrl} does not respond (ECONNREFUSED)`);
    expect(code).toBe(1);
  });

  it.each([
    ['without a probe', ['--devices', '1'], /^--probe: required, but missing$/m],
    ['without devices', ['--probe', 'x'], /^--devices: required, but missing$/m],
    ['with devices in words', ['--probe', 'x', '--devices', 'many'], /^--devices: expected a number, got "many"$/m],
    ['with 0 devices', ['--probe', 'x', '--devices', '0'], /^--devices: expected at least 1, got 0$/m],
    ['with a rate of 0', ['--probe', 'x', '--devices', '1', '--rate', '0'], /^--rate: expected at least 0.1, got 0$/m],
    ['with an empty rate', ['--probe', 'x', '--devices', '1', '--rate', ''], /^--rate: expected a number/m],
    ['with a timeout below 0', ['--probe', 'x', '--devices', '1', '--timeout=-1'], /^--timeout: expected more than 0/m],
    ['with an unknown transport', ['--probe', 'x', '--devices', '1', '--transport', 'amqp'], /^--transport: expected/m],
    [
      'with a prefix that has a space',
      ['--probe', 'x', '--devices', '1', '--prefix', 'a b'],
      /^--prefix: expected letters/m,
    ],
    [
      'with an output of another kind',
      ['--probe', 'x', '--devices', '1', '--out', 'a.csv'],
      /^--out: expected a file/m,
    ],
    [
      'with an address that is not HTTP',
      ['--probe', 'x', '--devices', '1', '--url', 'app', '--key', 'k'],
      /^--url: expected/m,
    ],
    [
      'with an unknown local probe',
      ['--probe', 'unconfigured', '--devices', '1'],
      /^--probe: expected a configured probe/m,
    ],
    ['with an unknown option', ['--probe', 'x', '--devices', '1', '--fast'], /--fast/],
    ['with a url and no key', ['--probe', 'x', '--devices', '1', '--url', 'http://localhost:1'], /--key: expected/],
  ])('%s exits 2 with the option and what was expected, before anything starts', async (_, args, message) => {
    const { stdout, stderr, code } = await simulate(args).ended;
    expect(stderr).toMatch(message);
    expect(stderr).not.toContain('Starting');
    expect([stdout, code]).toEqual(['', 2]);
  });

  it.each([
    ['a probe that is not configured', ['--probe', 'unconfigured', '--devices', '1'], /no such probe/i],
    [
      'a rate above the service limit',
      ['--probe', 'group-key', '--devices', '1', '--rate', '100'],
      /^--rate: expected at most .* only with --above-limits/,
    ],
  ])("reports the app's error about %s with the names of its options, and exits 2", async (_, args, message) => {
    const { stderr, code } = await simulate(against(...args)).ended;
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
  });

  it('exits 2 with a sentence for a wrong key', async () => {
    const args = ['--url', url, '--key', 'wrong', '--probe', 'group-key', '--devices', '1'];
    const { stderr, code } = await simulate(args).ended;
    expect(stderr).toBe('The app does not accept the function key (401).\n');
    expect(code).toBe(2);
  });
});

it('describes hubs, reasons and percentiles without colour when there is no terminal', async () => {
  const client = createSimulationClient(url, functionKey);
  const { id } = await client.start({ probe: 'group-key', devices: 2 });
  let current = await client.read(id);
  while (!current.ended) {
    await new Promise((resume) => setTimeout(resume, 200));
    current = await client.read(id);
  }
  const described = describeSimulation(current.view, { colour: false, isLocal: true });
  expect(described).toContain('healthy │       2 │ 100.0 %');
  expect(described).toMatch(/│ total +│/);
  expect(described).not.toContain('\u001b');
});

const ended: SimulationView = {
  ...sampleSimulations['simulations ended'][0],
  verdicts: { healthy: 1, degraded: 0, failing: 1, unknown: 0 },
  devices: 3,
  cancelled: 1,
  workerDelayMs: 748,
};

it('shows cancelled devices in a separate row, and that this machine was overloaded', () => {
  const described = describeSimulation(ended, { colour: false, isLocal: true });
  expect(described).toMatch(/│ cancelled +│ +1 │ +33.3 % │/);
  expect(described).toContain('This machine was overloaded (event-loop delay 748 ms)');
});

describe('the result in a file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'simulate-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const outcome = (registrationId: string, over: Partial<Outcome>) => buildOutcome({ registrationId, ...over });
  async function* outcomes() {
    yield outcome('d-1', { verdict: 'failing', reasons: ['refused <\u0000"&>', 'Next: check'] });
    const result = { kind: 'notRun', cause: 'cancelled', message: 'm' } as const;
    yield outcome('d-2', { verdict: 'unknown', durationMs: 0, reasons: ['not run'], result });
    yield outcome('d-3', { durationMs: 1500 });
  }

  it('is JUnit XML with a test case per device, also with special characters in the reasons', async () => {
    const file = join(folder, 'result.xml');
    await writeResult({ file, format: 'junit' }, ended, outcomes);
    const text = readFileSync(file, 'utf8');
    expect(text).toContain('<testsuites tests="3" failures="1" errors="0" skipped="1">');
    expect(text.match(/<testcase /g)).toHaveLength(3);
    expect(text).toContain('<failure message="refused &lt;\ufffd&quot;&amp;&gt;">');
    expect(text).toContain('time="1.500"/>');
    expect(text).toContain('<skipped message="not run">');
  });

  it('is the progress resource as JSON', async () => {
    const file = join(folder, 'result.json');
    await writeResult({ file, format: 'json' }, ended, outcomes);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(ended);
  });
});

it('prints commands that delete the registration of each device, and the device from each hub', () => {
  const commands = deleteCommands({ ...ended, devices: 2, hubs: { 'hub-a.azure-devices.net': 1, localhost: 1 } });
  const az = `az() { if [ "$3" = list ]; then echo /subscriptions/S/resourceGroups/G/providers/P/provisioningServices/D; else echo "az $*"; fi; }`;
  const { stdout, status } = spawnSync('sh', ['-c', `${az}\n${commands}`], { encoding: 'utf8' });
  expect(status).toBe(0);
  const prefix = ended.request.registrationIdPrefix;
  expect(stdout.trim().split('\n')).toEqual(
    [`${prefix}000001`, `${prefix}000002`].flatMap((id) => [
      `az iot dps enrollment-group registration delete --dps-name D --resource-group G --registration-id ${id}`,
      `az iot hub device-identity delete --hub-name hub-a --device-id ${id}`,
    ]),
  );
});
