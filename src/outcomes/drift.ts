import { isSameHub } from '../hub/hubName.ts';
import type { ChainCertificate } from '../transport/serverIdentity.ts';
import { issuedCertificateOf } from './operationalCertificate.ts';
import type { DriftEvent, Outcome, ProbeResult, RunFacts } from './outcome.ts';
import { type EarlierOutcomes, refusedAt } from './verdict.ts';

/**
 * What is different from last time, though nobody asked for it: each a hint to a change on the other side. Last time is the run before,
 * and for what that one did not come to see, `lastUp`: an assignment that moved during an outage is still seen.
 */
export function findDrift(
  { result, server }: Pick<RunFacts, 'result' | 'server'>,
  { previous, lastUp }: EarlierOutcomes,
): DriftEvent[] {
  if (!previous) return [];
  const facts = factsOf(result, server);
  const beforeThat = lastUp ? factsOf(lastUp.result, lastUp.server) : {};
  const before = factsOf(previous.result, previous.server);
  const kinds = [
    'assignedHub',
    'deviceId',
    'substatus',
    'connectionProfile',
    'addressFamily',
    'rootFingerprint256',
    'issuedCertificateIssuer',
    'issuedCertificateRoot',
    'refusedAt',
  ] as const;
  return kinds.flatMap((kind) => {
    const [from, to] = [before[kind] ?? beforeThat[kind], facts[kind]];
    return from !== undefined && to !== undefined && isChange(kind, from, to) ? [{ kind, from, to }] : [];
  });
}

function isChange(kind: DriftEvent['kind'], from: string, to: string): boolean {
  return kind === 'assignedHub' ? !isSameHub(from, to) : from !== to;
}

type Facts = { readonly [kind in DriftEvent['kind']]?: string | undefined };

function factsOf(result: ProbeResult, server: Outcome['server']): Facts {
  const assigned = result.kind === 'assigned' ? result : undefined;
  const [, issuer, ...further] = issuedCertificateOf(result)?.chain ?? [];
  return {
    assignedHub: assigned?.assignedHub,
    deviceId: assigned?.deviceId,
    substatus: assigned?.substatus,
    // The service has been seen to spell it in two ways.
    connectionProfile: assigned?.connectionProfile?.toLowerCase(),
    addressFamily: server?.family && `IPv${server.family}`,
    rootFingerprint256: server?.rootFingerprint256,
    issuedCertificateIssuer: issuer && named(issuer),
    issuedCertificateRoot: issuer && named(further.at(-1) ?? issuer),
    refusedAt: refusedAt(result),
  };
}

/** An issuer that was renewed keeps its name and has another fingerprint. */
function named({ subject, fingerprint256 }: ChainCertificate): string {
  return `${subject} ${fingerprint256}`;
}
