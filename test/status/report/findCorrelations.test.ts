import { describe, expect, it } from 'vitest';
import { probeSchema } from '../../../src/config/probe.ts';
import type { Outcome, ProbeResult, Verdict } from '../../../src/outcomes/outcome.ts';
import { findCorrelations, type LastRun } from '../../../src/status/report/findCorrelations.ts';
import { buildOutcome } from '../../support/buildOutcome.ts';
import { probeJson } from '../../support/probeJson.ts';

type Ended = readonly [Verdict, ProbeResult?];

const assigned = buildOutcome().result;
const healthy: Ended = ['healthy', assigned];
const degraded: Ended = ['degraded', assigned];
const wrongHub: Ended = ['failing', assigned];
const noPort: Ended = ['failing', { kind: 'unreachable', phase: 'tcp', code: 'ETIMEDOUT', message: 'no answer' }];
const noName: Ended = ['failing', { kind: 'unreachable', phase: 'dns', code: 'ENOTFOUND', message: 'no such name' }];
const inspected: Ended = [
  'failing',
  { kind: 'tlsFailed', phase: 'tls', code: 'SELF_SIGNED_CERT_IN_CHAIN', message: 'untrusted', refusedBy: 'client' },
];
const proxied: Ended = ['failing', { kind: 'webSocketRefused', phase: 'webSocket', status: 403, message: 'refused' }];
const lost: Ended = ['failing', { kind: 'connectionLost', phase: 'mqttConnect', code: 'ECONNRESET', message: 'reset' }];
const rejected: Ended = ['failing', { kind: 'rejected', phase: 'register', status: 401, errorCode: 401_002 }];
const slow: Ended = ['failing', { kind: 'timedOut', phase: 'assign', message: 'too slow' }];
const notRun: Ended = ['unknown', { kind: 'notRun', phase: 'keyVault', cause: 'notFound', message: 'no secret' }];

function lastRun(
  name: string,
  changes: Record<string, unknown>,
  [verdict, result = assigned]: Ended,
  over: Partial<Outcome> = {},
): LastRun {
  return {
    probe: probeSchema.parse(probeJson({ name, ...changes })),
    last: buildOutcome({ probe: name, verdict, result, ...over }),
  };
}

const texts = (...runs: LastRun[]) => findCorrelations(runs).map(({ text }) => text);

describe('two probes that differ only in their transport', () => {
  it.each<[string, Ended, Ended, string | undefined]>([
    [
      'only 8883 does not respond',
      noPort,
      healthy,
      '8883 blocked, 443 fine: a firewall, not the service. tcp stops at tcp.',
    ],
    [
      '8883 alone is reset',
      lost,
      degraded,
      '8883 blocked, 443 fine: a firewall, not the service. tcp stops at mqttConnect.',
    ],
    [
      '443 alone is inspected',
      healthy,
      inspected,
      '443 blocked, 8883 fine: a proxy or TLS inspection, not the service. ws stops at tls.',
    ],
    [
      '443 alone is refused by a proxy',
      healthy,
      proxied,
      '443 blocked, 8883 fine: a proxy or TLS inspection, not the service. ws stops at webSocket.',
    ],
    [
      'both are refused',
      rejected,
      rejected,
      'both fail at register (ports 8883 and 443): the service or the credential',
    ],
    ['both find no name', noName, noName, 'both fail at dns (ports 8883 and 443): the service or this network'],
    [
      'they fail at different places',
      noPort,
      slow,
      'both fail at tcp and assign (ports 8883 and 443): the service or the credential',
    ],
    ['both are fine', healthy, degraded, undefined],
    ['one is refused by the service', rejected, healthy, undefined],
    ['one was assigned to a wrong hub', wrongHub, healthy, undefined],
    ['one could not run', notRun, healthy, undefined],
    ['one could not run and one fails', noPort, notRun, undefined],
  ])('say together, when %s', (_, tcp, ws, expected) => {
    const runs = [lastRun('tcp', {}, tcp), lastRun('ws', { transport: 'mqtt-ws' }, ws)] as const;
    expect(texts(...runs)).toEqual(expected === undefined ? [] : [expected]);
    expect(texts(...runs.toReversed())).toHaveLength(expected === undefined ? 0 : 1);
  });

  it('are named with their own ports', () => {
    const ports = texts(
      lastRun('tcp', { globalDeviceEndpoint: 'dps.example:18883' }, noPort),
      lastRun('ws', { globalDeviceEndpoint: 'dps.example:10443', transport: 'mqtt-ws' }, healthy),
    );
    expect(ports).toEqual([expect.stringMatching(/^18883 blocked, 10443 fine/)]);
  });

  const group = { attestation: { type: 'symmetricKey', secret: 'fleet', enrollment: 'group' } };
  it.each([
    ['are two devices of one group', { ...group, registrationId: 'one' }, { ...group, registrationId: 'two' }, 1],
    ['are two devices with enrollments of their own', { registrationId: 'one' }, { registrationId: 'two' }, 0],
    ['ask another DPS instance', { idScope: '0neONE' }, { idScope: '0neTWO' }, 0],
    ['have another key', {}, { attestation: { type: 'symmetricKey', secret: 'other' } }, 0],
    [
      'ask for different things',
      { apiVersion: '2025-07-01-preview' },
      { apiVersion: '2025-07-01-preview', requestCertificate: true },
      0,
    ],
    ['expect something else', {}, { expect: { result: 'refused' } }, 0],
    ['wait for another time', { timeoutSeconds: 10 }, { timeoutSeconds: 20, everyMinutes: 5 }, 1],
  ])('are compared or not when they %s', (_, tcp, ws, correlations) => {
    expect(texts(lastRun('tcp', tcp, noPort), lastRun('ws', { transport: 'mqtt-ws', ...ws }, healthy))).toHaveLength(
      correlations,
    );
  });

  it('are not compared when they ran at different times', () => {
    const earlier = { startedAt: '2026-11-24T13:00:00.000Z' };
    expect(texts(lastRun('tcp', {}, noPort, earlier), lastRun('ws', { transport: 'mqtt-ws' }, healthy))).toEqual([]);
  });
});

describe('two probes that differ only in their endpoint', () => {
  const [global, own] = [{}, { globalDeviceEndpoint: 'mine.azure-devices-provisioning.net' }];
  it.each<[string, Ended, Ended, string | undefined]>([
    [
      'one fails',
      inspected,
      healthy,
      'global.azure-devices-provisioning.net fails, mine.azure-devices-provisioning.net is fine: the cause is that endpoint or the network path to it, not the enrollment or the credential. one stops at tls.',
    ],
    [
      'the other fails',
      healthy,
      slow,
      'mine.azure-devices-provisioning.net fails, global.azure-devices-provisioning.net is fine: the cause is that endpoint or the network path to it, not the enrollment or the credential. other stops at assign.',
    ],
    [
      'both fail',
      rejected,
      rejected,
      'both fail at register (global.azure-devices-provisioning.net and mine.azure-devices-provisioning.net): the service or the credential',
    ],
    ['both are fine', healthy, healthy, undefined],
    ['one could not run', notRun, slow, undefined],
  ])('say together, when %s', (_, one, other, expected) => {
    expect(texts(lastRun('one', global, one), lastRun('other', own, other))).toEqual(
      expected === undefined ? [] : [expected],
    );
  });
});

it('names the probes of a correlation', () => {
  const [reading] = findCorrelations([
    lastRun('tcp', {}, noPort),
    lastRun('alone', { idScope: '0neX' }, noPort),
    lastRun('ws', { transport: 'mqtt-ws' }, healthy),
  ]);
  expect(reading?.probes).toEqual(['tcp', 'ws']);
});

describe('one probe at several locations', () => {
  const at = (location: string, ended: Ended) => lastRun('spread', {}, ended, { location });
  it.each<[string, LastRun[], string | undefined]>([
    [
      'is blocked at one of them',
      [at('weu', noPort), at('neu', healthy)],
      'spread fails at weu and works at neu: the cause is the network at weu, not the service. spread stops at tcp.',
    ],
    [
      'is refused at all of them',
      [at('weu', rejected), at('neu', rejected)],
      'spread fails at weu and neu: the cause is the service, the enrollment or the credential, not the network of one location.',
    ],
    [
      'cannot reach the service from any of them',
      [at('weu', noPort), at('neu', noName)],
      'spread fails at weu and neu: the cause is the service or the path to it, not the network of one location.',
    ],
    ['is refused at one of them', [at('weu', rejected), at('neu', healthy)], undefined],
    ['works at all of them', [at('weu', healthy), at('neu', degraded)], undefined],
    ['fails at the only one that could run', [at('weu', noPort), at('neu', notRun)], undefined],
  ])('shows, when it %s', (_, runs, expected) => {
    expect(texts(...runs)).toEqual(expected === undefined ? [] : [expected]);
  });

  it('is not compared with another probe at another location', () => {
    const elsewhere = lastRun('ws', { transport: 'mqtt-ws' }, healthy, { location: 'neu' });
    expect(texts(lastRun('tcp', {}, noPort, { location: 'weu' }), elsewhere)).toEqual([]);
  });
});
