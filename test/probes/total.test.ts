/** `runProbe` never throws: for everything that a service can send and every internal error it returns facts and leaves nothing open. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runProbe } from '../../src/probes/runProbe.ts';
import { authority, localProbe, run, vaultOf } from '../support/localProbe.ts';
import { openedSince, settledResources } from '../support/openResources.ts';
import { assignment, type ScriptedServer, startScriptedServer } from '../support/scriptedServer.ts';

let server: ScriptedServer;
beforeAll(async () => {
  server = await startScriptedServer(await authority.issueServer());
});
afterAll(() => server.close());

const probeOf = (registrationId: string, over: object = {}) =>
  localProbe({ ...server, idScope: '0neLOCAL' }, { registrationId, timeoutSeconds: 5, ...over });

it.each([
  ['deviceId', { deviceId: 'dev\ud800' }],
  ['deviceId', { deviceId: '\udc00' }],
  ['assignedHub', { assignedHub: 'hub\udfff.azure-devices.net' }],
  ['assignedHub and deviceId', { assignedHub: '\ud83d', deviceId: '%\ud83d' }],
])('a lone surrogate in %s is a finding, not an error of this program', async (_field, over) => {
  const before = await settledResources();
  server.play('surrogate', [{ do: 'right' }, { do: 'right' }, assignment(over)]);
  const outcome = await run(probeOf('surrogate', { verifyHub: 'telemetry' }));
  expect(outcome.verdict).toBe('failing');
  expect(outcome.result.kind).not.toBe('notRun');
  expect(JSON.stringify(outcome).isWellFormed()).toBe(true);
  expect(JSON.stringify(outcome)).not.toMatch(/\\ud[89a-f]/i);
  await expect.poll(() => openedSince(before), { timeout: 10_000 }).toEqual({});
});

it.each([
  [
    'throws',
    () => {
      throw new RangeError('with a secret in it');
    },
  ],
  ['rejects', () => Promise.reject(new RangeError('with a secret in it'))],
  ['rejects with something that is not an error', () => Promise.reject('with a secret in it')],
])('an error in this program ends the run as notRun, and is logged: the secret reader %s', async (_how, readSecret) => {
  const before = await settledResources();
  const reported: unknown[] = [];
  const facts = await runProbe(probeOf('any'), {
    readSecret,
    reportUnexpected: (error) => void reported.push(error),
  });
  expect(facts).toMatchObject({ polls: 0, result: { kind: 'notRun', phase: 'keyVault', cause: 'unexpected' } });
  expect(JSON.stringify(facts)).not.toContain('with a secret in it');
  expect(reported).toHaveLength(1);
  await expect.poll(() => openedSince(before), { timeout: 10_000 }).toEqual({});
});

it('closes the connection when an error in this program ends the run in the middle of the exchange', async () => {
  const before = await settledResources();
  server.play('throttled', [
    { do: 'right' },
    { do: 'right' },
    { do: 'answer', topic: '$dps/registrations/res/429/?$rid=1', body: '', qos: 1 },
  ]);
  const facts = await runProbe(probeOf('throttled'), {
    readSecret: vaultOf(),
    onThrottled: () => {
      throw new Error('a bug');
    },
  });
  expect(facts.result).toMatchObject({ kind: 'notRun', phase: 'register', cause: 'unexpected' });
  await expect.poll(() => openedSince(before), { timeout: 10_000 }).toEqual({});
});
