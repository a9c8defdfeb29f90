import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { createSimulationClient } from '../../src/cli/simulationClient.ts';
import { describeSimulation } from '../../src/cli/simulationTable.ts';
import type { SimulationView } from '../../src/simulations/simulationView.ts';
import { functionKey, useInstances } from '../support/useInstances.ts';

// Each starts a process or two, on machines that may be busy with other tests.
vi.setConfig({ testTimeout: 90_000 });
const instances = useInstances();
const command = fileURLToPath(new URL('../../src/cli/simulate.ts', import.meta.url));
let url: string;
beforeAll(async () => {
  ({ url } = await instances.start());
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
    const args = against('--probe', 'group-key', '--devices', '3', '--timeout', '0.2');
    const { stdout, code } = await simulate(args).ended;
    expect(stdout).toMatch(/finished: 3 devices of group-key/);
    expect(stdout).toMatch(/failing \d × timedOut@/);
    expect(code).toBe(1);
  });

  it('cancels the simulation on Ctrl-C, says so, and exits 1', async () => {
    const { child, ended } = simulate(against('--probe', 'group-key', '--devices', '300', '--rate', '5', '--json'));
    await once(child.stderr, 'data');
    child.kill('SIGINT');
    const { stdout, stderr, code } = await ended;
    expect(stderr).toMatch(/is cancelled/);
    const view = JSON.parse(stdout) as SimulationView;
    expect(view.state).toBe('cancelled');
    expect(view.verdicts.healthy + view.verdicts.unknown).toBe(300);
    expect(code).toBe(1);
  });

  it('names the address and what happened when nothing answers there, and exits 1', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const nobody = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.close();
    const { stderr, code } = await simulate(['--probe', 'x', '--devices', '1', '--url', nobody, '--key', 'k']).ended;
    expect(stderr).toContain(`${nobody} does not answer (ECONNREFUSED)`);
    expect(code).toBe(1);
  });

  it.each([
    ['without a probe', ['--devices', '1'], /--probe: expected the name/],
    ['without devices', ['--probe', 'x'], /--devices: expected a number/],
    ['with devices in words', ['--probe', 'x', '--devices', 'many'], /--devices: expected a number/],
    ['with an unknown option', ['--probe', 'x', '--devices', '1', '--fast'], /--fast/],
    ['with a url and no key', ['--probe', 'x', '--devices', '1', '--url', 'http://localhost:1'], /--key: expected/],
  ])('%s exits 2 and shows how it is used', async (_, args, message) => {
    const { stdout, stderr, code } = await simulate(args).ended;
    expect(stderr).toMatch(message);
    expect(stderr).toContain('npm run simulate -- --probe NAME --devices N');
    expect([stdout, code]).toEqual(['', 2]);
  });

  it.each([
    ['0 devices', ['--probe', 'group-key', '--devices', '0'], /devices: expected at least 1/],
    ['a probe that nobody has configured', ['--probe', 'nobody', '--devices', '1'], /no such probe/i],
    [
      'a rate above the service limit',
      ['--probe', 'group-key', '--devices', '1', '--rate', '100'],
      /allowAboveServiceLimits/,
    ],
  ])('passes on what the app says of %s, and exits 2', async (_, args, message) => {
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

it('describes hubs, reasons and percentiles without colour where there is no terminal', async () => {
  const client = createSimulationClient(url, functionKey);
  const { id } = await client.start({ probe: 'group-key', devices: 2 });
  let look = await client.look(id);
  while (!look.ended) {
    await new Promise((resume) => setTimeout(resume, 200));
    look = await client.look(id);
  }
  const described = describeSimulation(look.view, false);
  expect(described).toContain('healthy │       2 │ 100.0 %');
  expect(described).toMatch(/│ total +│/);
  expect(described).not.toContain('\u001b');
});
