import { createSecureContext } from 'node:tls';
import forge from 'node-forge';

/** A certificate or an unencrypted private key (PKCS#8) out of a container. */
export interface Pkcs12Bag {
  readonly kind: 'certificate' | 'privateKey';
  readonly der: Buffer;
}

export type Pkcs12Reading =
  | { readonly kind: 'read'; readonly bags: readonly Pkcs12Bag[] }
  /** It has a passphrase or is damaged: the MAC does not show which. */
  | { readonly kind: 'locked' }
  | { readonly kind: 'unreadable'; readonly message: string };

/**
 * Opens a PKCS#12 file without a passphrase. RFC 7292 §B.1 allows two forms: the empty passphrase (two zero bytes) and the null one (no
 * bytes). Key Vault computes its MAC with the null one (notation-azure-kv#124), OpenSSL with the empty one, so both are tried.
 *
 * Node's OpenSSL verifies the MAC (with OpenSSL 3.4 also PBMAC1 of RFC 9579), but does not return the key. node-forge opens the bags,
 * because neither Node nor WebCrypto supports 3DES and RC2. It knows only the older MACs, and only one of the two forms at a time, so it
 * gets the file without its MAC.
 */
export function readPkcs12(file: Buffer): Pkcs12Reading {
  const macError = opensslError(file);
  if (macError === 'mac verify failure') return { kind: 'locked' };
  let container: forge.asn1.Asn1;
  try {
    container = withoutMac(forge.asn1.fromDer(file.toString('binary')));
  } catch {
    return { kind: 'unreadable', message: 'its ASN.1 structure is damaged' };
  }
  const failures: string[] = [];
  for (const password of ['', null]) {
    try {
      // RFC 7292 allows a null password; the library's types do not.
      const opened = forge.pkcs12.pkcs12FromAsn1(container, false, password as string);
      return { kind: 'read', bags: opened.safeContents.flatMap(({ safeBags }) => safeBags.flatMap(bagOf)) };
    } catch (error) {
      failures.push(error instanceof Error ? error.message : String(error));
    }
  }
  // Without the MAC, a wrong passphrase gives meaningless content.
  const format = failures.find((message) => /unsupported|PKCS#12 PFX|AuthenticatedSafe|ContentInfo/i.test(message));
  return format === undefined ? { kind: 'locked' } : { kind: 'unreadable', message: format.split('\n', 1).join('') };
}

/** PFX ::= SEQUENCE { version, authSafe, macData OPTIONAL } (RFC 7292 §4). */
function withoutMac(container: forge.asn1.Asn1): forge.asn1.Asn1 {
  return Array.isArray(container.value) ? { ...container, value: container.value.slice(0, 2) } : container;
}

function opensslError(file: Buffer): string | undefined {
  try {
    createSecureContext({ pfx: file });
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function bagOf(bag: forge.pkcs12.Bag): readonly Pkcs12Bag[] {
  if (bag.type === forge.pki.oids.certBag) {
    return der('certificate', bag.asn1 ?? (bag.cert && forge.pki.certificateToAsn1(bag.cert)));
  }
  if (bag.type === forge.pki.oids.keyBag || bag.type === forge.pki.oids.pkcs8ShroudedKeyBag) {
    return der('privateKey', bag.key ? forge.pki.wrapRsaPrivateKey(forge.pki.privateKeyToAsn1(bag.key)) : bag.asn1);
  }
  return [];
}

function der(kind: Pkcs12Bag['kind'], asn1: forge.asn1.Asn1 | undefined): readonly Pkcs12Bag[] {
  return asn1 ? [{ kind, der: Buffer.from(forge.asn1.toDer(asn1).getBytes(), 'binary') }] : [];
}
