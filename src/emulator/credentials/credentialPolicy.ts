/**
 * Issues operational certificates for certificate signing requests, as DPS does with an enrollment's credential policy: a root and an
 * intermediate created at start, and leaves with ECDSA P-384 and SHA-384.
 */
import { type KeyObject, webcrypto, X509Certificate } from 'node:crypto';
import {
  clientUsage,
  dayMs,
  type Issuer,
  nameOf,
  newIssuer,
  operationalKeys,
  signAuthority,
  signLeaf,
  type Validity,
} from '../certificates.ts';

export interface PolicySettings {
  readonly name: string;
  readonly validityDays: number;
  /** Seconds from the hub's 202 to the new certificate. */
  readonly renewalSeconds: number;
}

export interface CredentialPolicy extends PolicySettings {
  /** Intermediate and root, which a hub knows after the credential sync. */
  readonly authorities: readonly X509Certificate[];
  /** The same as base64 DER, shared by all chains in memory. */
  readonly authorityChain: readonly string[];
  /** Returns leaf, intermediate and root as PEM. */
  issue(request: LeafRequest): Promise<readonly string[]>;
}

export interface LeafRequest {
  readonly commonName: string;
  readonly publicKey: KeyObject;
  /** Default: from a minute ago, for the policy's days. */
  readonly validity?: Validity;
}

/** A device's clock may be behind. */
const backdatedMs = 60_000;

/** By name. All share one root; each has its own intermediate. */
export async function createCredentialPolicies(
  policies: readonly PolicySettings[],
): Promise<ReadonlyMap<string, CredentialPolicy>> {
  if (policies.length === 0) return new Map();
  const root = await newIssuer('DPS stand-in operational root', operationalKeys);
  const rootPem = await signAuthority(root, root);
  const created = await Promise.all(policies.map((policy) => createPolicy(policy, root, rootPem)));
  return new Map(created.map((policy) => [policy.name, policy]));
}

async function createPolicy(settings: PolicySettings, root: Issuer, rootPem: string): Promise<CredentialPolicy> {
  const intermediate = await newIssuer(`DPS stand-in policy ${settings.name}`, operationalKeys);
  const intermediatePem = await signAuthority(root, intermediate);
  const authorities = [new X509Certificate(intermediatePem), new X509Certificate(rootPem)];
  return {
    ...settings,
    authorities,
    authorityChain: authorities.map(({ raw }) => raw.toString('base64')),
    issue: async ({ commonName, publicKey, validity }) => {
      const subject = { name: nameOf(commonName), keys: { publicKey: await importPublicKey(publicKey) } };
      const leaf = await signLeaf(intermediate, subject, [clientUsage()], validity ?? validityOf(settings));
      return [leaf, intermediatePem, rootPem];
    },
  };
}

function validityOf({ validityDays }: PolicySettings): Validity {
  const now = Date.now();
  return { notBefore: new Date(now - backdatedMs), notAfter: new Date(now + validityDays * dayMs) };
}

function importPublicKey(key: KeyObject): Promise<webcrypto.CryptoKey> {
  const namedCurve = key.asymmetricKeyDetails?.namedCurve === 'secp384r1' ? 'P-384' : 'P-256';
  const spki = key.export({ format: 'der', type: 'spki' });
  return webcrypto.subtle.importKey('spki', spki, { name: 'ECDSA', namedCurve }, true, ['verify']);
}
