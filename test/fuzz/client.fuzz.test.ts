/**
 * For everything that DPS and the hub can send, a run finishes once, in time, with a known result and without a secret in it, and leaves
 * nothing open.
 */
import { inspect } from 'node:util';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Outcome } from '../../src/outcomes/outcome.ts';
import { authority, deviceKey, localProbe, run } from '../support/localProbe.ts';
import { openResources } from '../support/openResources.ts';
import { type ScriptedServer, type Step, startScriptedServer } from '../support/scriptedServer.ts';
import { createTally, fuzzRuns, fuzzScale, fuzzTimeoutMs, holdsAlways, printFigures } from './fuzzRuns.ts';
import { script } from './scripts.ts';

const timeoutSeconds = 0.25 * fuzzScale;
/** What a machine that is busy with other tests may add. */
const toleranceMs = 10_000;
/** Devices of one script each, at the same time. */
const devicesAtOnce = 24 * fuzzScale;
const runs = fuzzRuns(144);

let server: ScriptedServer;
beforeAll(async () => {
  server = await startScriptedServer(await authority.issueServer(), { isHub: true });
});
afterAll(() => server.close());

/** Exhaustive by its type: a new kind of result has to be put here. */
const namedKinds: { readonly [kind in Outcome['result']['kind']]: true } = {
  assigned: true,
  certificateNotIssued: true,
  failed: true,
  disabled: true,
  rejected: true,
  throttled: true,
  unreachable: true,
  tlsFailed: true,
  webSocketRefused: true,
  connectionRefused: true,
  subscriptionRefused: true,
  connectionLost: true,
  timedOut: true,
  malformedResponse: true,
  hubRefused: true,
  notRun: true,
};

let devices = 0;

it.each(['mqtt', 'mqtt-ws'] as const)(
  'a run over %s has a valid result for any behaviour of DPS and the hub',
  async (transport) => {
    const ended = createTally();
    let slowestMs = 0;
    const property = fc.asyncProperty(
      fc.array(script, { minLength: devicesAtOnce, maxLength: devicesAtOnce }),
      async (scripts) => {
        for (const { result, durationMs } of await Promise.all(scripts.map((said) => playOne(transport, said)))) {
          ended.count(result.kind);
          slowestMs = Math.max(slowestMs, durationMs);
        }
        await expect.poll(openInClients, { timeout: 10_000, interval: 5 }).toEqual({ sockets: 0 });
      },
    );
    await holdsAlways(property, runs / devicesAtOnce);
    printFigures(`client over ${transport}`, { ...ended.figures(), 'slowest ms': slowestMs.toFixed(0) });
  },
  fuzzTimeoutMs,
);

/**
 * What the runs have left open. The server's ends of their connections do not count: the server is in this process, and on a machine that
 * is busy with other tests it may accept and close them much later.
 */
function openInClients(): Readonly<Record<string, number>> {
  const { TCPServerWrap, TCPSocketWrap = 0, ...others } = openResources();
  return { ...others, sockets: TCPSocketWrap - server.openSockets() };
}

async function playOne(
  transport: 'mqtt' | 'mqtt-ws',
  said: { readonly dps: readonly Step[]; readonly hub: readonly Step[] },
): Promise<Outcome> {
  devices += 1;
  const registrationId = `device-${devices}`;
  const deviceId = `${registrationId}-at-hub`;
  server.play(registrationId, said.dps);
  server.play(deviceId, said.hub);
  const probe = localProbe(
    { ...server, idScope: '0neLOCAL' },
    {
      registrationId,
      transport,
      timeoutSeconds,
      verifyHub: (['connect', 'telemetry', 'twin'] as const)[devices % 3],
      expect: { assignedHub: [`localhost:${transport === 'mqtt' ? server.mqttsPort : server.wssPort}`] },
    },
  );
  const outcome = await run(probe);
  expect(namedKinds).toHaveProperty(outcome.result.kind);
  expect(outcome.durationMs).toBeLessThan(timeoutSeconds * 1000 + toleranceMs);
  for (const client of [registrationId, deviceId])
    expectNoSecret(outcome, server.connectOf(client)?.password?.toString());
  server.forget(registrationId, deviceId);
  return outcome;
}

function expectNoSecret(outcome: Outcome, password: string | undefined): void {
  const seen = `${JSON.stringify(outcome)}${inspect(outcome, { depth: 20 })}`;
  expect(seen.isWellFormed()).toBe(true);
  expect(seen).not.toContain(deviceKey);
  const signature = /sig=([^&]+)/.exec(password ?? '')?.[1];
  if (signature === undefined) return; // it stopped in the handshake
  expect(signature.length).toBeGreaterThan(40);
  for (const form of [signature, decodeURIComponent(signature)]) expect(seen).not.toContain(form.slice(0, 20));
}
