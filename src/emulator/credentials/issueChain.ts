/** The chain that a device receives, correct or with a fault. */

import { generateKeyPairSync } from 'node:crypto';
import { z } from 'zod';
import { dayMs } from '../certificates.ts';
import { type CredentialPolicy, createCredentialPolicies, type LeafRequest } from './credentialPolicy.ts';

/**
 * - `missing`: the device is assigned, or its renewal finishes, without a chain;
 * - `anotherKey`, `anotherName`: a leaf for another key than the request's, or with another common name;
 * - `expired`, `notYetValid`: a leaf that is not valid now;
 * - `broken`: intermediate and root of another authority with the same names; `leafOnly`: only the leaf;
 * - `reversed`: root first; `pem`: PEM instead of DER in base64; `garbage`: base64 of something else.
 */
export const chainFaultSchema = z.enum([
  'missing',
  'anotherKey',
  'anotherName',
  'expired',
  'notYetValid',
  'broken',
  'leafOnly',
  'reversed',
  'pem',
  'garbage',
]);

export type ChainFault = z.output<typeof chainFaultSchema>;

/** Base64 DER, leaf first, unless a fault changes it; undefined: no chain is sent. */
export async function issueChain(
  policy: CredentialPolicy,
  request: LeafRequest,
  fault: ChainFault | undefined,
): Promise<readonly string[] | undefined> {
  const issue = async (over: Partial<LeafRequest> = {}) => {
    const [leaf = ''] = await policy.issue({ ...request, ...over });
    return [toDer(leaf), ...policy.authorityChain];
  };
  const now = Date.now();
  switch (fault) {
    case undefined:
      return issue();
    case 'missing':
      return undefined;
    case 'anotherKey':
      return issue({ publicKey: generateKeyPairSync('ec', { namedCurve: 'secp384r1' }).publicKey });
    case 'anotherName':
      return issue({ commonName: `${request.commonName}-other` });
    case 'expired':
      return issue({ validity: { notBefore: new Date(now - 2 * dayMs), notAfter: new Date(now - dayMs) } });
    case 'notYetValid':
      return issue({ validity: { notBefore: new Date(now + dayMs), notAfter: new Date(now + 2 * dayMs) } });
    case 'broken':
      return [...(await issue()).slice(0, 1), ...(await impostorOf(policy))];
    case 'leafOnly':
      return (await issue()).slice(0, 1);
    case 'reversed':
      return (await issue()).toReversed();
    case 'pem':
      return policy.issue(request);
    case 'garbage':
      return [Buffer.from('not a certificate').toString('base64')];
  }
}

/** Intermediate and root of an authority with the same names and other keys. */
async function impostorOf(policy: CredentialPolicy): Promise<readonly string[]> {
  const impostors = await createCredentialPolicies([policy]);
  return [...impostors.values()].flatMap(({ authorityChain }) => authorityChain);
}

function toDer(pem: string): string {
  return pem.replace(/-----[^-]+-----|\s/g, '');
}
