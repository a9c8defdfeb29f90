import type { Probe } from '../../config/probe.ts';
import type { Outcome } from '../../outcomes/outcome.ts';
import { type Phase, phases } from '../../transport/phase.ts';
import type { Correlation } from './statusReport.ts';

/** A probe and its last outcome. */
export interface LastRun {
  readonly probe: Probe;
  readonly last: Outcome;
}

/** Runs further apart than this are not compared. */
const sameTimeMs = 3_600_000;

/** A failure in these phases may be caused by the network. */
const networkPhases: readonly Phase[] = ['dns', 'tcp', 'tls', 'webSocket'];

/** Compares probes that differ only in their location, transport or endpoint: if their results differ, that is the cause. */
export function findCorrelations(runs: readonly LastRun[]): Correlation[] {
  return [...acrossLocations(runs), ...betweenProbes(runs)];
}

/** Compares a probe's locations: a failure at only one of them is caused by that location. */
function acrossLocations(runs: readonly LastRun[]): Correlation[] {
  return [...Map.groupBy(runs, ({ probe }) => probe.name)].flatMap(([name, ofProbe]) => {
    const [first] = ofProbe;
    const together = ofProbe.filter((run) => first !== undefined && atTheSameTime(first, run));
    const failing = together.filter((run) => failedPhase(run) !== undefined);
    const fine = together.filter(isFine);
    const text = compareLocations(name, failing, fine);
    return text === undefined ? [] : [{ probes: [name], text }];
  });
}

function compareLocations(name: string, failing: readonly LastRun[], fine: readonly LastRun[]): string | undefined {
  const [first] = failing;
  if (first === undefined) return undefined;
  if (fine.length > 0) {
    if (!failing.every(mayBeNetwork)) return undefined;
    return `${name} fails at ${locationsOf(failing)} and works at ${locationsOf(fine)}: the cause is the network at ${locationsOf(failing)}, not the service. ${stops(first)}.`;
  }
  if (failing.length < 2) return undefined;
  const suspect = failing.every(mayBeNetwork)
    ? 'the service or the path to it'
    : 'the service, the enrollment or the credential';
  return `${name} fails at ${locationsOf(failing)}: the cause is ${suspect}, not the network of one location.`;
}

function locationsOf(runs: readonly LastRun[]): string {
  return runs.map(({ last }) => last.location).join(' and ');
}

function betweenProbes(runs: readonly LastRun[]): Correlation[] {
  return runs.flatMap((one, index) =>
    runs.slice(index + 1).flatMap((other) => {
      const comparable = one.last.location === other.last.location && atTheSameTime(one, other);
      const text = comparable ? (byTransport(one, other) ?? byEndpoint(one, other)) : undefined;
      return text === undefined ? [] : [{ probes: [one.probe.name, other.probe.name], text }];
    }),
  );
}

function byTransport(one: LastRun, other: LastRun): string | undefined {
  if (one.probe.transport === other.probe.transport || !isSameBut(one, other, 'transport')) return undefined;
  const [tcp, webSocket] = one.probe.transport === 'mqtt' ? [one, other] : [other, one];
  const [tcpPort, webSocketPort] = [portOf(tcp), portOf(webSocket)];
  const [tcpPhase, webSocketPhase] = [failedPhase(tcp), failedPhase(webSocket)];
  if (tcpPhase && webSocketPhase) return bothFail(tcpPhase, webSocketPhase, `ports ${tcpPort} and ${webSocketPort}`);
  if (tcpPhase && isFine(webSocket) && mayBeNetwork(tcp)) {
    return `${tcpPort} blocked, ${webSocketPort} fine: a firewall, not the service. ${stops(tcp)}.`;
  }
  if (webSocketPhase && isFine(tcp) && mayBeNetwork(webSocket)) {
    return `${webSocketPort} blocked, ${tcpPort} fine: a proxy or TLS inspection, not the service. ${stops(webSocket)}.`;
  }
  return undefined;
}

function byEndpoint(one: LastRun, other: LastRun): string | undefined {
  const [oneHost, otherHost] = [one.probe.globalDeviceEndpoint, other.probe.globalDeviceEndpoint];
  if (oneHost === otherHost || !isSameBut(one, other, 'globalDeviceEndpoint')) return undefined;
  const [onePhase, otherPhase] = [failedPhase(one), failedPhase(other)];
  if (onePhase && otherPhase) return bothFail(onePhase, otherPhase, `${oneHost} and ${otherHost}`);
  const [failing, fine] = onePhase ? [one, other] : [other, one];
  if (!failedPhase(failing) || !isFine(fine)) return undefined;
  return `${failing.probe.globalDeviceEndpoint} fails, ${fine.probe.globalDeviceEndpoint} is fine: the cause is that endpoint or the network path to it, not the enrollment or the credential. ${stops(failing)}.`;
}

function bothFail(one: Phase, other: Phase, what: string): string {
  const where = one === other ? `at ${one}` : `at ${one} and ${other}`;
  const suspect = [one, other].every((phase) => networkPhases.includes(phase))
    ? 'the service or this network'
    : 'the service or the credential';
  return `both fail ${where} (${what}): ${suspect}`;
}

/** The phase in which a failing run stopped; undefined for a wrong assignment. */
function failedPhase({ last }: LastRun): Phase | undefined {
  return last.verdict === 'failing' && 'phase' in last.result ? last.result.phase : undefined;
}

function isFine({ last }: LastRun): boolean {
  return last.verdict === 'healthy' || last.verdict === 'degraded';
}

/** True when the run stopped before the service responded, so that the network path may be the cause. */
function mayBeNetwork({ last: { result } }: LastRun): boolean {
  switch (result.kind) {
    case 'unreachable':
    case 'webSocketRefused':
      return true;
    case 'tlsFailed':
      return result.refusedBy === 'client' && result.phase === 'tls';
    case 'connectionLost':
    case 'timedOut':
    case 'malformedResponse':
      return phases.indexOf(result.phase) <= phases.indexOf('mqttConnect');
    case 'assigned':
    case 'failed':
    case 'disabled':
    case 'rejected':
    case 'throttled':
    case 'connectionRefused':
    case 'subscriptionRefused':
    case 'hubRefused':
    case 'certificateNotIssued':
    case 'notRun':
      return false;
  }
}

function stops({ probe, last: { result } }: LastRun): string {
  return `${probe.name} stops at ${('phase' in result && result.phase) || result.kind}`;
}

function portOf({ probe: { globalDeviceEndpoint, transport } }: LastRun): string {
  return /:(\d+)$/.exec(globalDeviceEndpoint)?.[1] ?? (transport === 'mqtt' ? '8883' : '443');
}

function atTheSameTime(one: LastRun, other: LastRun): boolean {
  return Math.abs(Date.parse(one.last.startedAt) - Date.parse(other.last.startedAt)) <= sameTimeMs;
}

/** The same device, or another of the same group, with the same request to the same DPS instance. */
function isSameBut(one: LastRun, other: LastRun, difference: 'transport' | 'globalDeviceEndpoint'): boolean {
  return identityOf(one.probe, difference) === identityOf(other.probe, difference);
}

function identityOf(probe: Probe, without: 'transport' | 'globalDeviceEndpoint'): string {
  const { idScope, apiVersion, attestation, registrationId, transport, globalDeviceEndpoint, expect } = probe;
  const { requestCertificate, verifyHub } = probe;
  return JSON.stringify([
    idScope,
    apiVersion,
    Object.entries(attestation).sort(),
    attestation.enrollment === 'group' ? '' : registrationId,
    without === 'transport' ? hostOf(globalDeviceEndpoint) : transport,
    expect.result,
    verifyHub ?? '',
    requestCertificate,
  ]);
}

/** A port in the endpoint belongs to the transport. */
function hostOf(endpoint: string): string {
  return endpoint.replace(/:\d+$/, '');
}
