/**
 * Reads a certificate signing request from a device: PKCS#10 (RFC 2986), DER in base64. It uses another library than the client, so that
 * one mistake cannot pass its own test.
 */
import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { type ASN1Value, encodeASN1, parseASN1NoLeftoverBytes } from '@oslojs/asn1';

export interface CertificateRequest {
  /** Every common name of the subject, in order; the rules require exactly one. */
  readonly commonNames: readonly string[];
  readonly publicKey: KeyObject;
  /** The digest of the request's signature; undefined: another one. */
  readonly digest: 'SHA-256' | 'SHA-384' | 'SHA-512' | undefined;
  /** The request was signed with the private key that belongs to its public key. */
  readonly signedByItsKey: boolean;
}

export type ReadRequest =
  | { readonly kind: 'read'; readonly request: CertificateRequest }
  /** `form`: the text is invalid, or its encoded content. `why` completes the sentence "The csr …". */
  | { readonly kind: 'malformed'; readonly form: 'text' | 'content'; readonly why: string };

/** "At most 8 KB", measured as base64. */
const maxCsrCharacters = 8 * 1024;
const commonNameOid = '2.5.4.3';
/** RFC 5758 section 3.2, RFC 5754 section 3.2. */
const signatureAlgorithms = [
  ['1.2.840.10045.4.3.2', 'SHA-256'],
  ['1.2.840.10045.4.3.3', 'SHA-384'],
  ['1.2.840.10045.4.3.4', 'SHA-512'],
  ['1.2.840.113549.1.1.11', 'SHA-256'],
  ['1.2.840.113549.1.1.12', 'SHA-384'],
  ['1.2.840.113549.1.1.13', 'SHA-512'],
] as const;

export function readCertificateRequest(csr: unknown): ReadRequest {
  const why = typeof csr === 'string' ? wrongText(csr) : 'is not a string';
  if (why !== undefined) return { kind: 'malformed', form: 'text', why };
  try {
    return { kind: 'read', request: parsePkcs10(Buffer.from(String(csr), 'base64')) };
  } catch {
    return { kind: 'malformed', form: 'content', why: 'is not a PKCS#10 request in DER' };
  }
}

function wrongText(csr: string): string | undefined {
  if (csr === '') return 'is empty';
  if (csr.length > maxCsrCharacters) return 'is longer than 8 KB';
  if (csr.includes('-----BEGIN')) return 'is PEM: expected DER in base64, without header';
  return Buffer.from(csr, 'base64').toString('base64') === csr ? undefined : 'is not base64 without line breaks';
}

export type RequestVerdict =
  | { readonly kind: 'accepted'; readonly notes: readonly string[] }
  /** `why` completes the sentence "The csr …". */
  | { readonly kind: 'refused'; readonly why: string };

/**
 * Checks the documented rules: a key on P-384, and exactly the device's common name, including case. The real service has accepted P-256
 * and SHA-256 from a public client, so they are accepted with a note, and refused only when `strict`.
 */
export function judgeCertificateRequest(
  { commonNames, publicKey, digest, signedByItsKey }: CertificateRequest,
  names: readonly string[],
  strict: boolean,
): RequestVerdict {
  const [commonName, ...others] = commonNames;
  if (commonName === undefined || others.length > 0) return { kind: 'refused', why: 'has not exactly one common name' };
  if (!names.includes(commonName))
    return { kind: 'refused', why: `has the common name "${commonName.slice(0, 128)}", expected "${names[0]}"` };
  const curve = publicKey.asymmetricKeyDetails?.namedCurve;
  if (publicKey.asymmetricKeyType !== 'ec' || (curve !== 'secp384r1' && curve !== 'prime256v1'))
    return { kind: 'refused', why: `has a key of type ${curve ?? publicKey.asymmetricKeyType}, expected EC on P-384` };
  if (digest !== 'SHA-384' && digest !== 'SHA-256')
    return { kind: 'refused', why: `is signed with ${digest ?? 'an unknown algorithm'}, expected ECDSA with SHA-384` };
  if (!signedByItsKey) return { kind: 'refused', why: 'is not signed with its own key' };
  const undocumented = [
    ...(curve === 'prime256v1' ? ['has a key on P-256, the documents ask for P-384'] : []),
    ...(digest === 'SHA-256' ? ['is signed with SHA-256, the documents ask for SHA-384'] : []),
  ];
  const [first] = undocumented;
  if (strict && first !== undefined) return { kind: 'refused', why: first };
  return { kind: 'accepted', notes: undocumented.map((note) => `the csr ${note}`) };
}

/** RFC 2986 section 4: `{ certificationRequestInfo { version, subject, subjectPKInfo, attributes }, algorithm, signature }`. */
function parsePkcs10(der: Buffer): CertificateRequest {
  const request = parseASN1NoLeftoverBytes(der).sequence();
  const info = request.at(0);
  const publicKeyInfo = Buffer.from(encodeASN1(info.sequence().at(2)));
  const publicKey = createPublicKey({ key: publicKeyInfo, format: 'der', type: 'spki' });
  const algorithm = request.at(1).sequence().at(0).objectIdentifier();
  const digest = signatureAlgorithms.find(([oid]) => algorithm.is(oid))?.[1];
  const signature = Buffer.from(request.at(2).bitString().bytes);
  return {
    commonNames: commonNamesIn(info.sequence().at(1)),
    publicKey,
    digest,
    signedByItsKey:
      digest !== undefined && verify(digest.replace('-', ''), Buffer.from(encodeASN1(info)), publicKey, signature),
  };
}

/** RFC 5280 section 4.1.2.4: a name is a sequence of sets of `{ type, value }`. */
function commonNamesIn(name: ASN1Value): string[] {
  return name
    .sequence()
    .elements.flatMap((set) => set.set().elements.map((attribute) => attribute.sequence()))
    .filter((attribute) => attribute.at(0).objectIdentifier().is(commonNameOid))
    .map((attribute) => Buffer.from(attribute.at(1).contents()).toString('utf8'));
}
