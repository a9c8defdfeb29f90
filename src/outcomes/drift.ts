import { isSameHub } from '../hub/hubName.ts';
import type { ChainCertificate } from '../transport/serverIdentity.ts';
import { issuedCertificateOf } from './operationalCertificate.ts';
import type { DriftEvent, Outcome, ProbeResult, RunFacts } from './outcome.ts';
import { refusedAt } from './refusedAt.ts';
import type { EarlierOutcomes } from './verdict.ts';

/**
 * Finds changes since the previous run, whatever the probe expects: each may show a change of the service. Facts that the previous run did
 * not see are compared with `lastUp`, so that a change of the assignment during an outage is still found.
 */
export function findDrift(
  { result, server }: Pick<RunFacts, 'result' | 'server'>,
  { previous, lastUp }: EarlierOutcomes,
  attestation: AttestationType,
): DriftEvent[] {
  if (!previous) return [];
  const facts = factsOf(result, server, attestation);
  const beforeThat = lastUp ? factsOf(lastUp.result, lastUp.server, attestation) : {};
  const before = factsOf(previous.result, previous.server, attestation);
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

type AttestationType = Parameters<typeof refusedAt>[1];

function factsOf(result: ProbeResult, server: Outcome['server'], attestation: AttestationType): Facts {
  const assigned = result.kind === 'assigned' ? result : undefined;
  const [, issuer, ...further] = issuedCertificateOf(result)?.chain ?? [];
  return {
    assignedHub: assigned?.assignedHub,
    deviceId: assigned?.deviceId,
    substatus: assigned?.substatus,
    // The service uses two spellings.
    connectionProfile: assigned?.connectionProfile?.toLowerCase(),
    addressFamily: server?.family && `IPv${server.family}`,
    rootFingerprint256: server?.rootFingerprint256,
    issuedCertificateIssuer: issuer && named(issuer),
    issuedCertificateRoot: issuer && named(further.at(-1) ?? issuer),
    refusedAt: refusedAt(result, attestation),
  };
}

/** A renewed issuer has the same name and another fingerprint. */
function named({ subject, fingerprint256 }: ChainCertificate): string {
  return `${subject} ${fingerprint256}`;
}
