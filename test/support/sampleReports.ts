import { probeSchema } from '../../src/config/probe.ts';
import type { Outcome } from '../../src/outcomes/outcome.ts';
import { judge } from '../../src/outcomes/verdict.ts';
import type { ProbeReport, StatusReport } from '../../src/status/report/statusReport.ts';
import { buildOutcome, rootFingerprint } from './buildOutcome.ts';
import { buildBars, buildProbeReport, buildReport, buildStoppedProbe, buildWindow, dueAt } from './buildReport.ts';
import { probeJson } from './probeJson.ts';

const { server: _server, ...beforeTheServer } = buildOutcome();

/** Verdict and reasons are computed by the product, so that no sample shows outdated texts. */
function judged(seen: Omit<Outcome, 'verdict' | 'reasons'>, changes: Parameters<typeof probeJson>[0] = {}): Outcome {
  const { probe: name, registrationId } = seen;
  return { ...seen, ...judge(probeSchema.parse(probeJson({ name, registrationId, ...changes })), seen) };
}

/** A wrong key: the service refuses it in the register response, as the real one does. */
export const refusedOutcome = judged({
  ...buildOutcome(),
  probe: 'weu-device-key',
  durationMs: 214,
  phases: { keyVault: 11.8, dns: 1.7, tcp: 19.9, tls: 42.4, mqttConnect: 33.1, subscribe: 22.6, register: 82.5 },
  polls: 0,
  result: {
    kind: 'rejected',
    phase: 'register',
    status: 401,
    errorCode: 401000,
    trackingId: '8f2c41d0-77aa-4b0e-9a55-1f4f0c9a7e31',
    message: 'Unauthorized',
  },
  transcript: [
    { atMs: 64.1, direction: 'note', what: 'tls', detail: 'TLSv1.3 with 20.61.99.14' },
    { atMs: 64.9, direction: 'sent', what: 'CONNECT', bytes: 318, detail: 'clean session, keep alive 180 s' },
    { atMs: 97.6, direction: 'received', what: 'CONNACK', status: 0 },
    { atMs: 98, direction: 'sent', what: 'SUBSCRIBE', topic: '$dps/registrations/res/#' },
    { atMs: 120.2, direction: 'received', what: 'SUBACK', status: 1 },
    {
      atMs: 120.7,
      direction: 'sent',
      what: 'PUBLISH',
      topic: '$dps/registrations/PUT/iotdps-register/?$rid=1',
      bytes: 34,
    },
    {
      atMs: 203.4,
      direction: 'received',
      what: 'PUBLISH',
      topic: '$dps/registrations/res/401/?$rid=1',
      status: 401,
      bytes: 168,
    },
  ],
});

const blockedOutcome = judged({
  ...beforeTheServer,
  probe: 'weu-x509-8883',
  durationMs: 60_000,
  phases: { keyVault: 14.2, dns: 2.2, tcp: 59_980 },
  polls: 0,
  result: { kind: 'timedOut', phase: 'tcp', message: 'no response from 20.61.99.14:8883' },
  transcript: [{ atMs: 16.4, direction: 'note', what: 'dns', detail: '20.61.99.14' }],
});

const unreadableOutcome = judged({
  ...beforeTheServer,
  probe: 'weu-fleet-ca',
  durationMs: 41,
  phases: { keyVault: 41 },
  polls: 0,
  result: { kind: 'notRun', phase: 'keyVault', cause: 'forbidden', message: 'Key Vault refused to read fleet-ca' },
});

const slowOutcome = buildOutcome({
  probe: 'weu-slow',
  verdict: 'degraded',
  durationMs: 27_910,
  phases: { ...buildOutcome().phases, assign: 27_720 },
  reasons: [
    'The run took 27.9 s, expected within 20 s. Next: Compare the durations of the phases with those of an earlier run.',
    'The device certificate expires in 9 days, on 2026-12-04 (expected at least 14 days). Next: Renew it in Key Vault and in the enrollment.',
  ],
  credential: { certificateNotAfter: '2026-12-04T08:00:00.000Z' },
});

const drifted = buildOutcome({
  startedAt: '2026-11-22T02:15:00.000Z',
  events: [
    { kind: 'assignedHub', from: 'hub-a.azure-devices.net', to: 'hub-b.azure-devices.net' },
    { kind: 'substatus', from: 'initialAssignment', to: 'deviceDataMigrated' },
  ],
});
const rootChanged = buildOutcome({
  startedAt: '2026-11-03T11:40:00.000Z',
  events: [{ kind: 'rootFingerprint256', from: rootFingerprint('16'), to: rootFingerprint('DF') }],
});

const healthyKey = buildProbeReport({
  drifts: [drifted, rootChanged],
  failures: [{ ...refusedOutcome, runId: 'old', startedAt: '2026-11-19T03:05:00.000Z' }],
});
const healthyWebSocket = buildProbeReport({ name: 'weu-x509-443', transport: 'mqtt-ws', registrationId: 'canary-002' });
const refusalCanary = buildProbeReport({
  name: 'weu-wrong-key',
  registrationId: 'canary-intruder',
  expected: 'refused, errorCode 401000',
  expectedResult: 'refused',
  last: { ...refusedOutcome, probe: 'weu-wrong-key', verdict: 'healthy', reasons: [], startedAt: dueAt(0) },
});
const refused = buildStoppedProbe(refusedOutcome, 6);
const blocked = buildStoppedProbe(blockedOutcome, 9, { registrationId: 'canary-002' });
const unreadable = buildStoppedProbe(unreadableOutcome, 3, { registrationId: 'canary-003' });
const slow = buildStoppedProbe(slowOutcome, 4, {
  flapping: true,
  expected: 'assigned, within 20 s',
  withinSeconds: 20,
});
const missed = buildProbeReport({
  name: 'weu-missed',
  last: buildOutcome({ probe: 'weu-missed', startedAt: dueAt(7) }),
  bars: buildBars('weu-missed', {
    verdict: 'missed',
    runs: 7,
    reason: 'the timer did not fire: this app was not running. Next: check that the app runs, and its log.',
  }),
});

const accepted = buildStoppedProbe(
  judged(
    {
      ...buildOutcome(),
      probe: 'intruder',
      registrationId: 'intruder',
      result: {
        kind: 'assigned',
        operationId: '4.d0a671905ea5b2c8.1',
        assignedHub: 'hub-a.azure-devices.net',
        deviceId: 'intruder',
      },
    },
    { expect: { result: 'refused' } },
  ),
  2,
  { registrationId: 'intruder', expected: 'refused', expectedResult: 'refused' },
);

const validity = { notBefore: '2026-11-24T14:20:00.000Z', notAfter: '2026-12-23T14:20:00.000Z' };
const issuedChain = ['canary-csr', 'Contoso credential policy CA', 'Contoso Fleet Root'].map((subject, index, all) => ({
  subject,
  issuer: all[index + 1] ?? subject,
  notAfter: index === 0 ? validity.notAfter : '2031-01-01T00:00:00.000Z',
  fingerprint256: rootFingerprint(`0${index}`),
}));
const issuedCertificate = {
  ...validity,
  subject: 'canary-csr',
  issuer: 'Contoso credential policy CA',
  serialNumber: '4F0021B7',
  fingerprint256: rootFingerprint('00'),
  publicKey: 'MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAE',
  chain: issuedChain,
};
const withCertificate = buildProbeReport({
  name: 'weu-csr',
  registrationId: 'canary-csr',
  last: buildOutcome({
    probe: 'weu-csr',
    registrationId: 'canary-csr',
    startedAt: dueAt(0),
    waitedMs: 3000,
    result: {
      kind: 'assigned',
      operationId: '5.d0a671905ea5b2c8.42d78160',
      assignedHub: 'hub-a.azure-devices.net',
      deviceId: 'canary-csr',
      connectionProfile: 'classic',
      issuedCertificate,
      renewal: {
        durationMs: 2140,
        correlationId: 'c-1',
        certificate: { ...issuedCertificate, serialNumber: '4F0021B8' },
      },
    },
    notes: [
      "the user name at the hub has the assigned name hub-a.azure-devices.net; which of a hub's two names it expects is not documented",
    ],
  }),
});

/** 48 seconds after the first start. */
const young = buildProbeReport({
  name: 'weu-young',
  firstRunAt: '2026-11-24T14:29:24.000Z',
  since: '2026-11-24T14:29:24.000Z',
  bars: buildBars('weu-young').slice(-3),
  windows: {
    '24h': { ...buildWindow({ healthy: 3 }), complete: false },
    '7d': { ...buildWindow({ healthy: 3 }), complete: false },
    '30d': { ...buildWindow({ healthy: 3 }), complete: false },
  },
});

const lines = ['line-1', 'line-2', 'line-3'] as const;
/** Fifty devices of three production lines; one cannot provision, one is slow. */
const fifty = Array.from({ length: 50 }, (_, index) => {
  const differences = {
    name: `factory-${String(index + 1).padStart(2, '0')}-symmetric-key`,
    registrationId: `canary-${index + 1}`,
    tags: [lines[index % 3] ?? 'line-1', index % 2 === 0 ? 'weu' : 'neu'],
  };
  if (index === 17) return { ...refused, ...differences };
  return index === 30 ? { ...slow, ...differences } : buildProbeReport(differences);
});

const elsewhere = (probe: ProbeReport): ProbeReport => ({ ...probe, location: 'northeurope' });

const noWindows = { '24h': empty(), '7d': empty(), '30d': empty() };
const fresh = ({ name, registrationId }: { readonly name: string; readonly registrationId: string }) => {
  const {
    last: _last,
    since: _since,
    firstRunAt: _firstRunAt,
    ...rest
  } = buildProbeReport({ name, registrationId, bars: [], windows: noWindows });
  return rest;
};

function empty() {
  return { ...buildWindow({}), complete: false, percentiles: {} };
}

const webhook = { setting: 'WEBHOOK_URL_SECRET', secret: 'chat-address' } as const;
const changed = { probe: 'weu-device-key', location: 'westeurope' };

/** A report for each state that the page knows. */
export const sampleReports = {
  'all healthy': buildReport({ probes: [healthyKey, healthyWebSocket, refusalCanary] }),
  'one failing': buildReport({ probes: [healthyKey, refused, healthyWebSocket, refusalCanary] }),
  'several failing': buildReport({
    probes: [healthyKey, refused, blocked, healthyWebSocket, slow, unreadable],
    correlations: [
      {
        probes: ['weu-x509-8883', 'weu-x509-443'],
        text: '8883 blocked, 443 fine: a firewall, not the service. weu-x509-8883 stops at tcp.',
      },
    ],
  }),
  degraded: buildReport({ probes: [healthyKey, slow] }),
  unknown: buildReport({ probes: [healthyKey, unreadable] }),
  missed: buildReport({ probes: [missed] }),
  'timers silent': buildReport({
    probes: [missed, healthyKey],
    timers: [
      {
        timer: 'probes',
        location: 'westeurope',
        state: 'silent',
        lastStartedAt: dueAt(7),
        dueAt: dueAt(6),
      },
      { timer: 'maintenance', location: 'westeurope', state: 'silent', lastStartedAt: dueAt(60) },
    ],
  }),
  'no scheduled run': buildReport({
    probes: [fresh(healthyKey)],
    timers: [{ timer: 'probes', location: 'westeurope', state: 'silent', dueAt: dueAt(1) }],
  }),
  'run unfinished': buildReport({
    timers: [{ timer: 'probes', location: 'westeurope', state: 'unfinished', lastStartedAt: dueAt(0) }],
  }),
  'webhook delivered': buildReport({
    webhook: { state: 'delivered', ...webhook, lastDelivery: { ...changed, at: dueAt(2), verdict: 'healthy' } },
  }),
  'webhook failing': buildReport({
    probes: [healthyKey, refused],
    webhook: {
      state: 'failing',
      ...webhook,
      lastDelivery: { ...changed, at: dueAt(40), verdict: 'healthy' },
      undelivered: 2,
      lastFailure: {
        ...changed,
        at: dueAt(0),
        verdict: 'failing',
        error:
          'the webhook of secret chat-address responded 404, after 1 attempt. Next: Check that the webhook still exists, and store its address in the secret again',
      },
    },
  }),
  intruder: buildReport({ probes: [healthyKey, accepted, refused] }),
  'operational certificates': buildReport({ probes: [withCertificate] }),
  'first minute': buildReport({ probes: [young] }),
  'fifty probes': buildReport({ probes: fifty }),
  'outage of fifty': buildReport({
    probes: fifty.map((probe) => ({
      ...blocked,
      name: probe.name,
      registrationId: probe.registrationId,
      tags: probe.tags,
    })),
  }),
  'two locations': buildReport({
    probes: [
      healthyKey,
      elsewhere(healthyKey),
      refusalCanary,
      elsewhere(refusalCanary),
      healthyWebSocket,
      elsewhere(blocked),
    ],
  }),
  'no data yet': buildReport({ probes: [fresh(healthyKey), fresh(healthyWebSocket)] }),
  'no probes': buildReport({ probes: [] }),
  'storage unreachable': buildReport({
    probes: [fresh(healthyKey), fresh(healthyWebSocket)],
    storageFault:
      'the history storage at canary.table.core.windows.net cannot be reached (ENOTFOUND): check OutcomesStorage or AzureWebJobsStorage, and the network connection to it',
  }),
} as const satisfies Record<string, StatusReport>;
