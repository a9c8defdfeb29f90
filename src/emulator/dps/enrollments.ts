/** Who may register: individual enrollments first, then groups, as the service does. */
import type { X509Certificate } from 'node:crypto';
import type { DeviceCredential } from '../deviceRegistry.ts';
import { deviceKeyOf, judgeSasToken, type SasVerdict } from '../sasToken.ts';
import { judgeCertificates, type X509Trust, type X509Verdict } from '../x509Trust.ts';
import type { DpsConfiguration, EnrollmentGroup, IndividualEnrollment } from './dpsConfiguration.ts';
import type { Fault } from './faults/faults.ts';

/** What a device shows in CONNECT and in TLS. */
export interface Presented {
  readonly idScope: string;
  readonly registrationId: string;
  /** The SAS token. */
  readonly password: string | undefined;
  /** Leaf first; empty without a device certificate. */
  readonly certificates: readonly X509Certificate[];
}

/** A device that is let in, with what its enrollment says about it. */
export interface Admitted {
  readonly kind: 'admitted';
  readonly enrollment: IndividualEnrollment | EnrollmentGroup;
  readonly enrollmentGroupId: string | undefined;
  readonly deviceId: string;
  readonly credential: DeviceCredential;
  readonly certificate: X509Certificate | undefined;
}

export interface Refused {
  readonly kind: 'refused';
  readonly status: 401 | 404;
  readonly errorCode: number;
  readonly message: string;
  /** For the person who reads the stand-in's history: the service itself says less. */
  readonly why: string;
}

export type Admission = Admitted | Refused;

export function checkEnrollment(configuration: DpsConfiguration, presented: Presented, now: Date): Admission {
  if (presented.idScope !== configuration.idScope)
    return refused(404, 404000, 'Not found.', 'another idScope than this service has');
  const individual = individualOf(configuration, presented.registrationId);
  return individual === undefined
    ? admitByGroup(configuration.enrollmentGroups, presented, now)
    : admitIndividual(individual, presented, now);
}

/** Faults by registrationId come first, then those of the enrollment that the device belongs to. */
export function faultsOf(
  configuration: DpsConfiguration,
  registrationId: string,
  admission: Admission,
): readonly Fault[] {
  const own = Object.hasOwn(configuration.faults, registrationId) ? configuration.faults[registrationId] : undefined;
  if (own !== undefined) return own;
  if (admission.kind === 'admitted') return admission.enrollment.fault;
  return individualOf(configuration, registrationId)?.fault ?? [];
}

/** A registrationId is case-insensitive (REST reference). */
function individualOf(configuration: DpsConfiguration, registrationId: string): IndividualEnrollment | undefined {
  const wanted = registrationId.toLowerCase();
  return configuration.individualEnrollments.find((one) => one.registrationId.toLowerCase() === wanted);
}

function admitIndividual(enrollment: IndividualEnrollment, presented: Presented, now: Date): Admission {
  const shared = {
    kind: 'admitted',
    enrollment,
    enrollmentGroupId: undefined,
    deviceId: enrollment.deviceId ?? enrollment.registrationId,
  } as const;
  switch (enrollment.attestation.type) {
    case 'symmetricKey': {
      const keys = keysOf(enrollment.attestation.symmetricKey);
      const verdict = judgeToken(presented, keys, now);
      if (verdict !== 'valid') return refusedToken(verdict);
      return { ...shared, credential: { kind: 'symmetricKey', keys }, certificate: undefined };
    }
    case 'x509': {
      const trust = {
        kind: 'certificates',
        accepted: certificatesOf(enrollment.attestation.x509.clientCertificates),
      } as const;
      return admitCertificates(shared, presented, trust, now);
    }
  }
}

function admitByGroup(groups: readonly EnrollmentGroup[], presented: Presented, now: Date): Admission {
  const judged = groups
    .filter((group) => group.attestation.type === (presented.password === undefined ? 'x509' : 'symmetricKey'))
    .map((group) => admitToGroup(group, presented, now));
  const admitted = judged.find((admission) => admission.kind === 'admitted');
  if (admitted !== undefined) return admitted;
  // A credential that is wrong for one group says more than one that is nothing to the others
  const closest = judged.find((admission) => admission.kind === 'refused' && admission.why !== whyUntrusted);
  return closest ?? judged[0] ?? refused(404, 404201, 'Enrollment not found.', 'no enrollment for this registrationId');
}

function admitToGroup(group: EnrollmentGroup, presented: Presented, now: Date): Admission {
  const shared = {
    kind: 'admitted',
    enrollment: group,
    enrollmentGroupId: group.enrollmentGroupId,
    deviceId: presented.registrationId,
  } as const;
  switch (group.attestation.type) {
    case 'symmetricKey': {
      const keys = keysOf(group.attestation.symmetricKey).map((key) => deviceKeyOf(key, presented.registrationId));
      const verdict = judgeToken(presented, keys, now);
      if (verdict !== 'valid') return refusedToken(verdict);
      return { ...shared, credential: { kind: 'symmetricKey', keys }, certificate: undefined };
    }
    case 'x509': {
      const trust = {
        kind: 'authorities',
        accepted: certificatesOf(group.attestation.x509.signingCertificates),
      } as const;
      return admitCertificates(shared, presented, trust, now);
    }
  }
}

function admitCertificates(
  shared: Omit<Admitted, 'credential' | 'certificate'>,
  presented: Presented,
  trust: X509Trust,
  now: Date,
): Admission {
  const verdict = judgeCertificates(presented.certificates, trust, presented.registrationId, now);
  if (verdict !== 'trusted') return refused(401, 401002, 'Invalid certificate.', whyCertificate[verdict]);
  return {
    ...shared,
    credential: { kind: 'x509', trust, registrationId: presented.registrationId },
    certificate: presented.certificates[0],
  };
}

function judgeToken(presented: Presented, keys: readonly Buffer[], now: Date): SasVerdict | 'missing' {
  if (presented.password === undefined) return 'missing';
  const resource = `${presented.idScope}/registrations/${presented.registrationId}`;
  return judgeSasToken(presented.password, { resource, policy: 'registration', keys, now });
}

const whyToken: Record<Exclude<SasVerdict, 'valid'> | 'missing', string> = {
  missing: 'no SAS token, and the enrollment asks for one',
  malformed: 'the password is no SAS token',
  wrongResource: 'sr is not {idScope}/registrations/{registrationId}',
  wrongPolicy: 'skn is not "registration"',
  expired: 'the SAS token has expired',
  wrongSignature: 'the signature was made with another key',
};

const whyUntrusted = 'the certificate leads to none of the enrolled ones';

const whyCertificate: Record<Exclude<X509Verdict, 'trusted'>, string> = {
  untrusted: whyUntrusted,
  notValidNow: 'a certificate of the chain has expired or is not valid yet',
  wrongCommonName: "the certificate's common name is not the registrationId",
};

function refusedToken(verdict: Exclude<SasVerdict, 'valid'> | 'missing'): Refused {
  return refused(401, 401000, 'Unauthorized.', whyToken[verdict]);
}

function refused(status: 401 | 404, errorCode: number, message: string, why: string): Refused {
  return { kind: 'refused', status, errorCode, message, why };
}

function keysOf(pair: { readonly primaryKey: Buffer; readonly secondaryKey?: Buffer | undefined }): Buffer[] {
  return pair.secondaryKey === undefined ? [pair.primaryKey] : [pair.primaryKey, pair.secondaryKey];
}

interface CertificatePair {
  readonly primary: { readonly certificate: X509Certificate };
  readonly secondary?: { readonly certificate: X509Certificate } | undefined;
}

function certificatesOf(pair: CertificatePair): X509Certificate[] {
  return pair.secondary === undefined
    ? [pair.primary.certificate]
    : [pair.primary.certificate, pair.secondary.certificate];
}
