import forge from 'node-forge';
import type { PemBlock } from './certificateBundle.ts';

/**
 * The key and the certificates of a PKCS#12 file without password, as PEM. node-forge opens the container (Node and WebCrypto read
 * none, and Key Vault's own use 3DES); the contents go to OpenSSL as DER, because node-forge knows no elliptic curves.
 * @throws on a file that is none, or that has a password.
 */
export function readPkcs12(file: Buffer): readonly PemBlock[] {
  const container = forge.pkcs12.pkcs12FromAsn1(forge.asn1.fromDer(file.toString('binary')), false, '');
  return container.safeContents.flatMap(({ safeBags }) =>
    safeBags.flatMap((bag) => {
      if (bag.type === forge.pki.oids.certBag) {
        return pem('CERTIFICATE', bag.asn1 ?? (bag.cert && forge.pki.certificateToAsn1(bag.cert)));
      }
      if (bag.type === forge.pki.oids.keyBag || bag.type === forge.pki.oids.pkcs8ShroudedKeyBag) {
        const key = bag.key && forge.pki.wrapRsaPrivateKey(forge.pki.privateKeyToAsn1(bag.key));
        return pem('PRIVATE KEY', key ?? bag.asn1);
      }
      return [];
    }),
  );
}

function pem(label: string, asn1: forge.asn1.Asn1 | undefined): readonly PemBlock[] {
  if (!asn1) return [];
  const body = forge.util.encode64(forge.asn1.toDer(asn1).getBytes(), 64);
  return [{ label, block: `-----BEGIN ${label}-----\n${body}\n-----END ${label}-----\n` }];
}
