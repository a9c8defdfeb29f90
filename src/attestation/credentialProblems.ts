import type { UnusableCertificate } from './certificateBundle.ts';
import type { ForeignForm } from './storedValue.ts';

/** Everything that can be wrong with a stored key or certificate. */
export type CredentialProblem =
  | ForeignForm
  | UnusableCertificate['problem']
  | 'certificateForKey'
  | 'keyForCertificate'
  | 'unusableKey'
  | 'commonName'
  | 'commonNameCase'
  | 'notAuthority'
  | 'expired'
  | 'notYetValid'
  | 'chainIncomplete'
  | 'hexKey'
  | 'lineBreaks'
  | 'wrapped';

/**
 * `error`: a probe cannot use the value. `note`: it works, but should be corrected. `suspect`: it may be right; if the device is refused,
 * this is a likely cause.
 */
export type ProblemSeverity = 'error' | 'note' | 'suspect';

/** What to do about each problem, as a sentence without its full stop. */
export const credentialProblems: {
  readonly [problem in CredentialProblem]: { readonly severity: ProblemSeverity; readonly next: string };
} = {
  empty: { severity: 'error', next: 'Store the key or the certificate in this secret: its value is empty' },
  connectionString: {
    severity: 'error',
    next: "Store the enrollment's primary key alone, or a Key Vault certificate with its key, not a connection string",
  },
  sasToken: {
    severity: 'error',
    next: "Store the enrollment's primary key, not a token made with it: the probe signs its own tokens",
  },
  reference: {
    severity: 'error',
    next: 'Store the value itself, or name the Key Vault object that the reference names',
  },
  otherText: {
    severity: 'error',
    next: "Store the enrollment's primary key as DPS shows it (base64), or a Key Vault certificate with its private key",
  },
  incompleteBase64: { severity: 'error', next: 'Copy the whole key once more, up to the "=" at its end' },
  certificateForKey: {
    severity: 'error',
    next: "Set attestation.type to x509, or store the enrollment's primary key in this secret",
  },
  keyForCertificate: {
    severity: 'error',
    next: 'Set attestation.type to symmetricKey, or name a Key Vault certificate',
  },
  damaged: { severity: 'error', next: 'Import the certificate into Key Vault again, from its original file' },
  passphrase: {
    severity: 'error',
    next: 'Import the file as a Key Vault certificate with its passphrase (az keyvault certificate import --password): the vault stores it without one',
  },
  encryptedKey: {
    severity: 'error',
    next: 'Remove the passphrase of the key (openssl pkey -in KEY -out PLAIN), and store it again with its certificate',
  },
  unsupported: {
    severity: 'error',
    next: 'Import the file as a Key Vault certificate, or convert it to PEM (openssl pkcs12 -in FILE -nodes)',
  },
  noPrivateKey: {
    severity: 'error',
    next: 'Make the certificate with an exportable key (keyProperties.exportable: true), or import it with its private key (npm run probe: name the key with --certificate-key)',
  },
  noCertificate: { severity: 'error', next: 'Store the certificate and its chain in the same value as the key' },
  keyMismatch: {
    severity: 'error',
    next: 'Store the certificate together with the private key that it was issued for',
  },
  unusableKey: {
    severity: 'error',
    next: 'Use a key that TLS and DPS accept: RSA of 2048 bits or more, or EC on a NIST curve',
  },
  commonName: {
    severity: 'error',
    next: "Set the probe's registrationId to the common name, or issue the certificate for that registrationId",
  },
  commonNameCase: {
    severity: 'note',
    next: 'Write both in the same case; the service compares them without case',
  },
  notAuthority: {
    severity: 'suspect',
    next: "Name the CA of the enrollment group, or set attestation.enrollment to individual for a device's own certificate",
  },
  expired: { severity: 'suspect', next: 'Renew the certificate in Key Vault and in the enrollment' },
  notYetValid: { severity: 'suspect', next: "Check the certificate's activation date and the clock of this app" },
  chainIncomplete: {
    severity: 'suspect',
    next: 'Store the intermediate certificates too: DPS needs each one up to the CA of the enrollment group',
  },
  hexKey: { severity: 'suspect', next: "Compare with the enrollment's primary key as DPS shows it, in base64" },
  lineBreaks: {
    severity: 'note',
    next: 'Store the PEM from a file (az keyvault secret set --file), so that its line breaks stay',
  },
  wrapped: { severity: 'note', next: 'Store the value itself' },
};
