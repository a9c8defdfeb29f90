import { printable } from '../transport/printable.ts';
import { type CertificateBundle, readCertificateBundle } from './certificateBundle.ts';
import { type CredentialProblem, credentialProblems, type ProblemSeverity } from './credentialProblems.ts';
import { readStoredValue, type StoredValue } from './storedValue.ts';

export interface CredentialToExamine {
  /** How sentences name the value: `secret "canary-001-key"`, `certificate "canary-cert"`, `file device.pfx`. */
  readonly subject: string;
  /** As stored. A binary file (PKCS#12, DER) is passed as base64. */
  readonly value: string;
  readonly attestation: 'symmetricKey' | 'x509';
  /** `group`: the value is the key or the CA of the enrollment group. */
  readonly enrollment: 'individual' | 'group';
  /** Compared with the common name of a device's own certificate. */
  readonly registrationId?: string;
  /** Unix time in milliseconds; default: now. */
  readonly now?: number;
}

export interface CredentialFinding {
  readonly problem: CredentialProblem;
  readonly severity: ProblemSeverity;
  /** What is wrong, without the full stop. Never quotes the value. */
  readonly message: string;
  /** The next step, as a sentence without its full stop. */
  readonly next: string;
}

export interface CredentialExamination {
  /** What the value is: `a base64 key of 64 bytes`, `PEM`, `a PKCS#12 file`, `the connection string of a device`. */
  readonly form: string;
  readonly findings: readonly CredentialFinding[];
  /** Absent when a finding is an error. */
  readonly credential?:
    | { readonly type: 'symmetricKey'; readonly key: Buffer }
    | { readonly type: 'x509'; readonly bundle: CertificateBundle };
}

/** Finds out what a vault value is, and what prevents a probe from using it. Never rejects. */
export async function examineCredential(question: CredentialToExamine): Promise<CredentialExamination> {
  const stored = readStoredValue(question.value);
  const isKey = question.attestation === 'symmetricKey';
  const examined = isKey ? examineKey(question, stored) : await examineCertificate(question, stored);
  const around = stored.wrappings.length > 0 && examined.credential ? [wrapped(question, stored)] : [];
  return { ...examined, findings: [...examined.findings, ...around] };
}

function examineKey(question: CredentialToExamine, stored: StoredValue): CredentialExamination {
  const form = formOf(stored);
  switch (stored.kind) {
    case 'foreign':
      return unusable(form, finding(question, stored.form, `is ${stored.what}, not a base64 key`));
    case 'pem':
    case 'der':
      return unusable(form, finding(question, 'certificateForKey', `is ${form}, not a base64 key`));
    case 'base64': {
      const text = question.value.trim();
      // 64 or 128 hexadecimal digits are also valid base64, but of a key that no enrollment has.
      const isHex = /^(?:[0-9a-f]{64}|[0-9a-f]{128})$/i.test(text);
      const findings = isHex ? [finding(question, 'hexKey', 'looks like a hexadecimal key; DPS keys are base64')] : [];
      return { form, findings, credential: { type: 'symmetricKey', key: stored.bytes } };
    }
  }
}

async function examineCertificate(question: CredentialToExamine, stored: StoredValue): Promise<CredentialExamination> {
  const form = formOf(stored);
  const expected = 'a certificate with its private key';
  switch (stored.kind) {
    case 'foreign':
      return unusable(form, finding(question, stored.form, `is ${stored.what}, not ${expected}`));
    case 'base64':
      return unusable(form, finding(question, 'keyForCertificate', `is ${form}, not ${expected}`));
    case 'pem':
    case 'der': {
      const bundle = await readCertificateBundle(stored);
      if ('problem' in bundle) return unusable(form, finding(question, bundle.problem, bundle.what));
      const findings = bundleFindings(question, bundle);
      const isUnusable = findings.some(({ severity }) => severity === 'error');
      return {
        form: stored.kind === 'der' ? 'a PKCS#12 file' : form,
        findings,
        ...(!isUnusable && { credential: { type: 'x509', bundle } }),
      };
    }
  }
}

function bundleFindings(question: CredentialToExamine, bundle: CertificateBundle): readonly CredentialFinding[] {
  const { registrationId, enrollment, now = Date.now() } = question;
  const commonName = printable(bundle.commonName);
  const findings: CredentialFinding[] = [];
  const add = (problem: CredentialProblem, what: string) => findings.push(finding(question, problem, what));

  if (bundle.repaired) add('lineBreaks', 'is PEM whose line breaks were lost; they were repaired');
  if (enrollment === 'individual' && registrationId !== undefined && commonName !== registrationId) {
    const names = `has the common name "${commonName}"; the registrationId is "${registrationId}"`;
    // The service ignores the case of both (iotedge#4575, REST reference).
    const isSameName = commonName.toLowerCase() === registrationId.toLowerCase();
    add(isSameName ? 'commonNameCase' : 'commonName', names);
  }
  if (enrollment === 'group' && !bundle.isAuthority) {
    add('notAuthority', `is not a CA certificate (common name "${commonName}"), so DPS does not accept what it issues`);
  }
  if (Date.parse(bundle.notAfter) <= now) add('expired', `expired on ${bundle.notAfter}`);
  if (Date.parse(bundle.notBefore) > now) add('notYetValid', `is not valid before ${bundle.notBefore}`);
  if (bundle.missingIssuer !== undefined) {
    add('chainIncomplete', `has a chain that stops below its issuer "${printable(bundle.missingIssuer)}"`);
  }
  return findings;
}

function formOf(stored: StoredValue): string {
  switch (stored.kind) {
    case 'pem':
      return 'PEM';
    case 'der':
      return 'a certificate, a private key or a PKCS#12 file (DER)';
    case 'base64':
      return `a base64 key of ${stored.bytes.length} bytes`;
    case 'foreign':
      return stored.what;
  }
}

function wrapped(question: CredentialToExamine, { wrappings }: StoredValue): CredentialFinding {
  const layers = wrappings.map((wrapping) => (wrapping === 'quotes' ? 'quotation marks' : 'one more layer of base64'));
  return finding(question, 'wrapped', `is wrapped in ${[...new Set(layers)].join(' and ')}; it was read without`);
}

/** `what` follows the subject: `is …`, `holds …`. */
export function credentialFinding(subject: string, problem: CredentialProblem, what: string): CredentialFinding {
  return { problem, message: `${subject} ${what}`, ...credentialProblems[problem] };
}

function finding({ subject }: CredentialToExamine, problem: CredentialProblem, what: string): CredentialFinding {
  return credentialFinding(subject, problem, what);
}

function unusable(form: string, ...findings: readonly CredentialFinding[]): CredentialExamination {
  return { form, findings };
}
