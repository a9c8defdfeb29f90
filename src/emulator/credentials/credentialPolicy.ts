/**
 * Issues operational certificates from certificate signing requests, as DPS does with an enrollment's credential policy: a
 * root and an intermediate made at start, leaves of ECDSA P-384 with SHA-384.
 */
import { type KeyObject, webcrypto, X509Certificate } from 'node:crypto';
import {
  clientUsage,
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
  /** How long a hub takes from its 202 to the new certificate. */
  readonly renewalSeconds: number;
}

export interface CredentialPolicy extends PolicySettings {
  /** Intermediate and root: what a hub knows to which the policy is synchronized. */
  readonly authorities: readonly X509Certificate[];
  /** The same as base64 DER: one text for all the chains that are kept. */
  readonly authorityChain: readonly string[];
  /** PEM: leaf, intermediate, root. */
  issue(request: LeafRequest): Promise<readonly string[]>;
}

export interface LeafRequest {
  readonly commonName: string;
  readonly publicKey: KeyObject;
  /** Default: valid from a minute ago, for the policy's days. */
  readonly validity?: Validity;
}

const dayMs = 86_400_000;
/** A device's clock may be a little behind. */
const backdatedMs = 60_000;

/** By name. All share one root, and each has an intermediate of its own. */
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
