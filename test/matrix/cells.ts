/**
 * The exact result and phase of a run for every fault of the stand-ins. The keys have the type of the fault kinds, so that a new fault does
 * not compile without its rows.
 */
import { type ChainFault, chainFaultSchema } from '../../src/emulator/credentials/issueChain.ts';
import type { DpsConfigurationInput } from '../../src/emulator/dps/dpsConfiguration.ts';
import type { FaultKind } from '../../src/emulator/dps/faults/faults.ts';
import type { HubFault } from '../../src/emulator/hub/hubFaults.ts';
import type { startHub } from '../../src/emulator/hub/startHub.ts';

export type DpsFault = Exclude<NonNullable<DpsConfigurationInput['faults']>[string], readonly unknown[] | undefined>;
export type HubFaultInput = NonNullable<Parameters<typeof startHub>[0]['faults']>[string];
export type ListenerFault = NonNullable<DpsConfigurationInput['listenerFault']>;

export const columns = ['connect', 'subscribe', 'register', 'poll', 'hub'] as const;
export type Column = (typeof columns)[number];

export interface Row<Fault> {
  readonly fault: Fault;
  readonly at: Column;
  /**
   * The reason code: kind, code and phase. If the transports differ, one for each. `a or b` if the network decides which of two packets
   * arrives first. For the same reason, the platform's code of a lost connection is omitted.
   */
  readonly expected: string | { readonly mqtt: string; readonly 'mqtt-ws': string };
  readonly probe?: Record<string, unknown>;
}

const phaseOf = { connect: 'mqttConnect', subscribe: 'subscribe', register: 'register', poll: 'assign' } as const;
const phases = ['connect', 'subscribe', 'register', 'poll'] as const;
const requests = ['register', 'poll'] as const;
const chains = chainFaultSchema.options;

/** What is wrong with each chain, as the outcome names it. */
const causeOf: { readonly [chain in ChainFault]: string } = {
  missing: 'missing',
  anotherKey: 'notOurKey',
  anotherName: 'wrongName',
  expired: 'notInValidity',
  notYetValid: 'notInValidity',
  broken: 'brokenChain',
  leafOnly: 'brokenChain',
  reversed: 'brokenChain',
  pem: 'malformed',
  garbage: 'malformed',
};

/** The result when the connection is closed after the response. */
const afterwards = {
  connect: 'connectionLost@subscribe',
  subscribe: 'connectionLost@register',
  register: 'connectionLost@assign',
  poll: 'assigned',
} as const;

/** The fields without which a run cannot continue: of the 202, and of the final 200. */
const needed = {
  register: (field: string) => (['operationId', 'status'].includes(field) ? 'malformedResponse@register' : 'assigned'),
  poll: (field: string) => (['operationId', 'substatus'].includes(field) ? 'assigned' : 'malformedResponse@assign'),
} as const;

const withCertificate = { requestCertificate: true, apiVersion: '2025-07-01-preview' };

export const dpsRows: { readonly [kind in FaultKind]: readonly Row<DpsFault>[] } = {
  connack: [1, 2, 3, 4, 5].map((returnCode) => ({
    fault: { kind: 'connack', returnCode },
    at: 'connect',
    expected: `connectionRefused:${returnCode}@mqttConnect`,
  })),
  subscriptionRefused: [
    { fault: { kind: 'subscriptionRefused' }, at: 'subscribe', expected: 'subscriptionRefused:128@subscribe' },
  ],
  silent: phases.map((at) => ({ fault: { kind: 'silent', at }, at, expected: `timedOut@${phaseOf[at]}` })),
  close: phases.flatMap((at) => [
    { fault: { kind: 'close', at }, at, expected: `connectionLost@${phaseOf[at]}` },
    { fault: { kind: 'close', at, when: 'after' }, at, expected: afterwards[at] },
  ]),
  reset: phases.flatMap((at) => [
    { fault: { kind: 'reset', at }, at, expected: `connectionLost@${phaseOf[at]}` },
    { fault: { kind: 'reset', at, when: 'after' }, at, expected: `connectionLost@${phaseOf[at]} or ${afterwards[at]}` },
  ]),
  garbage: phases.map((at) => ({ fault: { kind: 'garbage', at }, at, expected: `malformedResponse@${phaseOf[at]}` })),
  slow: phases.map((at) => ({ fault: { kind: 'slow', delayMs: 50, at }, at, expected: 'assigned' })),
  noPuback: [{ fault: { kind: 'noPuback' }, at: 'register', expected: 'assigned' }],
  fragmented: [{ fault: { kind: 'fragmented' }, at: 'connect', expected: 'assigned' }],
  status: requests.flatMap((at) => [
    ...[300, 400, 401, 403, 404, 405, 409, 412, 415, 500, 502, 503, 599].map((status) => ({
      fault: { kind: 'status', at, status } as const,
      at,
      expected: `rejected:${status * 1000}@${phaseOf[at]}`,
    })),
    { fault: { kind: 'status', at, status: 429, retryAfter: 60 }, at, expected: `throttled:429000@${phaseOf[at]}` },
    { fault: { kind: 'status', at, status: 401, errorCode: 401002 }, at, expected: `rejected:401002@${phaseOf[at]}` },
    {
      fault: { kind: 'status', at, status: 401, errorCode: null, message: null },
      at,
      expected: `rejected:401@${phaseOf[at]}`,
    },
    { fault: { kind: 'status', at, status: 503, body: 'text' }, at, expected: `rejected:503@${phaseOf[at]}` },
    { fault: { kind: 'status', at, status: 503, body: 'empty' }, at, expected: `rejected:503@${phaseOf[at]}` },
    { fault: { kind: 'status', at, status: 401, topicStatus: 200 }, at, expected: `malformedResponse@${phaseOf[at]}` },
    { fault: { kind: 'status', at, status: 401, topicStatus: 202 }, at, expected: `malformedResponse@${phaseOf[at]}` },
  ]),
  throttled: requests.flatMap((at) => [
    { fault: { kind: 'throttled', at }, at, expected: `throttled:429001@${phaseOf[at]}` },
    { fault: { kind: 'throttled', at, retryAfter: 3600 }, at, expected: `throttled:429001@${phaseOf[at]}` },
    { fault: { kind: 'throttled', at, retryAfter: null }, at, expected: `throttled:429001@${phaseOf[at]}` },
    { fault: { kind: 'throttled', at, times: 1, retryAfter: 0 }, at, expected: 'assigned' },
  ]),
  neverAssigned: [{ fault: { kind: 'neverAssigned' }, at: 'poll', expected: 'timedOut@assign' }],
  failed: requests.flatMap((at) => [
    { fault: { kind: 'failed', at }, at, expected: `failed:400207@${phaseOf[at]}` },
    { fault: { kind: 'failed', at, errorCode: null, message: null }, at, expected: `failed@${phaseOf[at]}` },
  ]),
  disabled: requests.map((at) => ({ fault: { kind: 'disabled', at }, at, expected: `disabled@${phaseOf[at]}` })),
  assignedAtRegister: [{ fault: { kind: 'assignedAtRegister' }, at: 'register', expected: 'assigned' }],
  unknownStatus: requests.map((at) => ({
    fault: { kind: 'unknownStatus', at },
    at,
    expected: `malformedResponse@${phaseOf[at]}`,
  })),
  assignment: [
    { fault: { kind: 'assignment', deviceId: 'x'.repeat(100) }, at: 'poll', expected: 'assigned' },
    { fault: { kind: 'assignment', assignedHub: '' }, at: 'poll', expected: 'malformedResponse@assign' },
    { fault: { kind: 'assignment', substatus: 'reprovisioned' }, at: 'poll', expected: 'assigned' },
  ],
  issuedCertificate: chains.map((chain) => ({
    fault: { kind: 'issuedCertificate', chain },
    at: 'poll',
    expected: `certificateNotIssued:${causeOf[chain]}@assign`,
    probe: withCertificate,
  })),
  missingField: (
    ['operationId', 'status', 'registrationState', 'assignedHub', 'deviceId', 'substatus'] as const
  ).flatMap((field) =>
    requests.map((at) => ({ fault: { kind: 'missingField', field, at } as const, at, expected: needed[at](field) })),
  ),
  badBody: (['notJson', 'empty', 'wrongTypes', 'array', 'null', 'tooLarge', 'truncated'] as const).flatMap((body) =>
    requests.map((at) => ({
      fault: { kind: 'badBody', body, at } as const,
      at,
      expected: `malformedResponse@${phaseOf[at]}`,
    })),
  ),
  retryAfter: [
    ...[null, '-5', 'soon', '0x10', ''].map((value) => ({
      fault: { kind: 'retryAfter', value } as const,
      at: 'register' as const,
      expected: 'assigned',
    })),
    ...['0', '0.0001', 0.5].map((value) => ({
      fault: { kind: 'retryAfter', value } as const,
      at: 'register' as const,
      expected: 'assigned',
    })),
    ...[3600, '9'.repeat(400)].map((value) => ({
      fault: { kind: 'retryAfter', value } as const,
      at: 'register' as const,
      expected: 'timedOut@assign',
    })),
  ],
  parameterOrder: [{ fault: { kind: 'parameterOrder' }, at: 'register', expected: 'assigned' }],
  qos0: [{ fault: { kind: 'qos0' }, at: 'register', expected: 'assigned' }],
  registrationStatus: [{ fault: { kind: 'registrationStatus' }, at: 'poll', expected: 'assigned' }],
  operationId: (['0', '2', '4', '5', 'registrationId'] as const).map((form) => ({
    fault: { kind: 'operationId', form },
    at: 'register',
    expected: 'assigned',
  })),
  foreignRid: requests.flatMap((at) => [
    { fault: { kind: 'foreignRid', at }, at, expected: `timedOut@${phaseOf[at]}` },
    { fault: { kind: 'foreignRid', at, thenRight: true }, at, expected: 'assigned' },
  ]),
  duplicate: requests.map((at) => ({ fault: { kind: 'duplicate', at }, at, expected: 'assigned' })),
  lateAnswer: [{ fault: { kind: 'lateAnswer' }, at: 'poll', expected: 'assigned' }],
  wrongTopic: requests.map((at) => ({ fault: { kind: 'wrongTopic', at }, at, expected: `timedOut@${phaseOf[at]}` })),
};

const renew = { ...withCertificate, verifyHub: 'renew' };

export const hubRows: { readonly [kind in HubFault['kind']]: readonly Row<HubFaultInput>[] } = {
  refuseConnect: ([1, 2, 3, 4, 5] as const).map((returnCode) => ({
    fault: { kind: 'refuseConnect', returnCode },
    at: 'hub',
    expected: `hubRefused:connectionRefused:${returnCode}@hub`,
    probe: { verifyHub: 'connect' },
  })),
  silent: hubSteps('silent', 'timedOut'),
  close: hubSteps('close', 'connectionLost'),
  noPuback: [
    { fault: { kind: 'noPuback' }, at: 'hub', expected: 'hubRefused:timedOut@hub', probe: { verifyHub: 'telemetry' } },
    { fault: { kind: 'noPuback' }, at: 'hub', expected: 'assigned', probe: { verifyHub: 'twin' } },
  ],
  subscriptionRefused: [
    {
      fault: { kind: 'subscriptionRefused' },
      at: 'hub',
      expected: 'hubRefused:subscriptionRefused:128@hub',
      probe: { verifyHub: 'twin' },
    },
    {
      fault: { kind: 'subscriptionRefused' },
      at: 'hub',
      expected: 'hubRefused:subscriptionRefused:128@hub',
      probe: renew,
    },
  ],
  twinStatus: ([404, 429, 500] as const).map((status) => ({
    fault: { kind: 'twinStatus', status },
    at: 'hub',
    expected: `hubRefused:twinRejected:${status}@hub`,
    probe: { verifyHub: 'twin' },
  })),
  unknownAuthority: [
    {
      fault: { kind: 'unknownAuthority' },
      at: 'hub',
      expected: 'hubRefused:connectionRefused:5@hub',
      probe: { ...withCertificate, verifyHub: 'connect' },
    },
  ],
  renewalRefused: [
    {
      fault: renewalRefused(400, 400004, false),
      at: 'hub',
      expected: 'hubRefused:renewalRejected:400004@hub',
      probe: renew,
    },
    {
      fault: renewalRefused(409, 409004, true),
      at: 'hub',
      expected: 'hubRefused:renewalRejected:409004@hub',
      probe: renew,
    },
    {
      fault: renewalRefused(500, 500001, false),
      at: 'hub',
      expected: 'hubRefused:renewalRejected:500001@hub',
      probe: renew,
    },
  ],
  renewalThrottled: [
    {
      fault: { kind: 'renewalThrottled', errorCode: 429002, retryAfterSeconds: 30 },
      at: 'hub',
      expected: 'hubRefused:renewalRejected:429002@hub',
      probe: renew,
    },
  ],
  renewalNeverFinished: [
    {
      fault: { kind: 'renewalNeverFinished', expiresInSeconds: 600 },
      at: 'hub',
      expected: 'hubRefused:timedOut@hub',
      probe: renew,
    },
  ],
  renewalForeignRid: [
    {
      fault: { kind: 'renewalForeignRid', thenRight: false },
      at: 'hub',
      expected: 'hubRefused:timedOut@hub',
      probe: renew,
    },
    { fault: { kind: 'renewalForeignRid', thenRight: true }, at: 'hub', expected: 'assigned', probe: renew },
  ],
  renewedCertificate: chains.map((chain) => ({
    fault: { kind: 'renewedCertificate', chain },
    at: 'hub',
    expected: `certificateNotIssued:${causeOf[chain]}@hub`,
    probe: renew,
  })),
};

function hubSteps(kind: 'silent' | 'close', code: string): readonly Row<HubFaultInput>[] {
  return (['connect', 'telemetry', 'twin', 'renewal'] as const).map((at) => ({
    fault: { kind, at },
    at: 'hub',
    expected: `hubRefused:${code}@hub`,
    probe: at === 'renewal' ? renew : { verifyHub: at },
  }));
}

function renewalRefused(status: number, errorCode: number, after202: boolean): HubFaultInput {
  return { kind: 'renewalRefused', status, errorCode, after202, message: 'A fault of the stand-in.', info: null };
}

type ListenerKind = Extract<ListenerFault, string>;

/** The same fault on both ports. A fault of the upgrade has no effect on MQTT over TLS. */
export const listenerRows: { readonly [kind in ListenerKind]: readonly Row<ListenerFault>[] } = {
  silentAfterAccept: [{ fault: 'silentAfterAccept', at: 'connect', expected: 'timedOut@tls' }],
  closeAfterAccept: [{ fault: 'closeAfterAccept', at: 'connect', expected: 'connectionLost@tls' }],
  resetAfterAccept: [
    { fault: 'resetAfterAccept', at: 'connect', expected: 'connectionLost@tcp or connectionLost@tls' },
  ],
  plaintextAfterAccept: [
    { fault: 'plaintextAfterAccept', at: 'connect', expected: 'tlsFailed:ERR_SSL_WRONG_VERSION_NUMBER@tls' },
  ],
  expiredCertificate: [{ fault: 'expiredCertificate', at: 'connect', expected: 'tlsFailed:CERT_HAS_EXPIRED@tls' }],
  wrongNameCertificate: [
    { fault: 'wrongNameCertificate', at: 'connect', expected: 'tlsFailed:ERR_TLS_CERT_ALTNAME_INVALID@tls' },
  ],
  selfSignedCertificate: [
    { fault: 'selfSignedCertificate', at: 'connect', expected: 'tlsFailed:DEPTH_ZERO_SELF_SIGNED_CERT@tls' },
  ],
  oldTlsOnly: [{ fault: 'oldTlsOnly', at: 'connect', expected: 'tlsFailed:ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION@tls' }],
  upgradeStatus: [200, 301, 403, 503].map((status) => ({
    fault: { kind: 'upgradeStatus', status },
    at: 'connect',
    expected: { mqtt: 'assigned', 'mqtt-ws': `webSocketRefused:${status}@webSocket` },
  })),
  noSubprotocol: [
    { fault: 'noSubprotocol', at: 'connect', expected: { mqtt: 'assigned', 'mqtt-ws': 'webSocketRefused@webSocket' } },
  ],
  wrongSubprotocol: [
    {
      fault: 'wrongSubprotocol',
      at: 'connect',
      expected: { mqtt: 'assigned', 'mqtt-ws': 'webSocketRefused@webSocket' },
    },
  ],
};
