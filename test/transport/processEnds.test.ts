/**
 * Device SDKs are known for processes that never end (azure-iot-sdk-node#285, #1110). This process has no pending work after its runs: a
 * remaining timer, socket or listener would prevent its end.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { RunningDps } from '../../src/emulator/dps/startDps.ts';
import { type RunningHub, startHub } from '../../src/emulator/hub/startHub.ts';
import { authority, deviceKey, localProbe, registry, startLocalDps } from '../support/localProbe.ts';
import { unusedPort } from '../support/unusedPort.ts';

const program = fileURLToPath(new URL('../support/probeProcess.ts', import.meta.url));
/** A process with pending work would wait for our keep alive, the SDKs' 180 s, or forever. */
const endsWithinMs = 5_000;

let dps: RunningDps;
let hub: RunningHub;
let folder: string;
beforeAll(async () => {
  hub = await startHub({ certificate: await authority.issueServer(), registry });
  const attestation = { type: 'symmetricKey', symmetricKey: { primaryKey: deviceKey } } as const;
  const enrolled = (registrationId: string) => ({ registrationId, attestation });
  dps = await startLocalDps(
    {},
    {
      individualEnrollments: ['good', 'silent', 'refused', 'reset', 'waiting'].map(enrolled),
      iotHubs: [`localhost:${hub.port}`],
      faults: {
        silent: { kind: 'silent', at: 'poll' },
        refused: { kind: 'connack', returnCode: 5 },
        reset: { kind: 'reset', at: 'register' },
        waiting: [{ kind: 'neverAssigned' }, { kind: 'retryAfter', value: 3600 }],
      },
    },
  );
  folder = await mkdtemp(join(tmpdir(), 'process-ends-'));
  await writeFile(join(folder, 'ca.pem'), authority.caPem);
});
afterAll(async () => {
  await dps.close();
  await hub.close();
  await rm(folder, { recursive: true });
});

it.each(['mqtt', 'mqtt-ws'] as const)(
  'a process exits without exit() after runs over %s with various results',
  async (transport) => {
    const closedPort = await unusedPort();
    const probe = (registrationId: string, over: object = {}) =>
      localProbe(dps, { registrationId, transport, timeoutSeconds: 3, ...over });
    const expected = { assignedHub: [`localhost:${hub.port}`] };
    const probes = [
      probe('good'),
      probe('good', { verifyHub: 'twin', expect: expected }),
      probe('silent', { timeoutSeconds: 0.5 }),
      probe('refused'),
      probe('reset'),
      probe('waiting'),
      probe('good', { globalDeviceEndpoint: `localhost:${closedPort}` }),
    ];

    const child = spawn(process.execPath, [program, JSON.stringify(probes), deviceKey], {
      env: { ...process.env, NODE_EXTRA_CA_CERTS: join(folder, 'ca.pem') },
      stdio: ['ignore', 'pipe', 'inherit'],
      timeout: 20_000, // ended by force, its exit code is null
    });
    const exited = once(child, 'exit');
    const said: string[] = [];
    let lastSaidAt = 0;
    for await (const chunk of child.stdout.setEncoding('utf8')) {
      said.push(chunk);
      lastSaidAt = performance.now();
    }
    const [code] = await exited;
    const kinds = said
      .join('')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).kind);
    expect(kinds).toEqual([
      'assigned',
      'assigned',
      'timedOut',
      'connectionRefused',
      'connectionLost',
      'timedOut',
      'unreachable',
    ]);
    expect(code).toBe(0);
    expect(performance.now() - lastSaidAt).toBeLessThan(endsWithinMs);
  },
);
