/** Who answered: the resolved address and the certificate chain that the server presented, also when it was not accepted. */
export interface ServerIdentity {
  readonly address: string;
  readonly family?: 4 | 6;
  readonly tlsProtocol?: string;
  /** Of the leaf, as ISO 8601. */
  readonly certificateNotAfter?: string;
  /** Of the leaf: the issuer's common name, or its organisation where it has none. */
  readonly issuer?: string;
  /** SHA-256 of the last certificate of the chain, upper-case hexadecimal with colons. */
  readonly rootFingerprint256?: string;
  /** Leaf first, root last. */
  readonly chain?: readonly ChainCertificate[];
}

export interface ChainCertificate {
  readonly subject: string;
  readonly issuer: string;
  readonly notAfter: string;
  readonly fingerprint256: string;
}
