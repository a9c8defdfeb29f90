/** Which devices may register: checks individual enrollments first, then groups, as the service does. */
import { createSecretKey, type X509Certificate } from 'node:crypto';
import type { DeviceCredential } from '../deviceRegistry.ts';
import { deviceKeyOf, judgeSasToken, type SasKey, type SasVerdict } from '../sasToken.ts';
import { judgeCertificates, type X509Trust, type X509Verdict } from '../x509Trust.ts';
import type { DpsConfiguration, EnrollmentGroup, IndividualEnrollment } from './dpsConfiguration.ts';
import type { Fault } from './faults/faults.ts';

/** What a device presents in CONNECT and in TLS. */
export interface Presented {
  readonly idScope: string;
  readonly registrationId: string;
  /** The SAS token. */
  readonly password: string | undefined;
  /** Leaf first; empty without a device certificate. */
  readonly certificates: readonly X509Certificate[];
}

/** An accepted device with its enrollment. */
export interface AcceptedDevice {
  readonly kind: 'accepted';
  readonly enrollment: IndividualEnrollment | EnrollmentGroup;
  readonly enrollmentGroupId: string | undefined;
  readonly deviceId: string;
  readonly credential: DeviceCredential;
  readonly certificate: X509Certificate | undefined;
  /** What was accepted although the document does not allow it. */
  readonly note?: string;
}

export interface RefusedDevice {
  readonly kind: 'refused';
  readonly status: 401 | 404;
  readonly errorCode: number;
  readonly message: string;
  /** For readers of the stand-in's history: the service's message is less specific. */
  readonly why: string;
}

export type EnrollmentDecision = AcceptedDevice | RefusedDevice;

interface Moment {
  readonly configuration: DpsConfiguration;
  readonly now: Date;
}

export function checkEnrollment(configuration: DpsConfiguration, presented: Presented, now: Date): EnrollmentDecision {
  if (presented.idScope !== configuration.idScope)
    return refused(404, 404000, 'Not found.', 'the idScope is not that of this service');
  const individual = individualOf(configuration, presented.registrationId);
  return individual === undefined
    ? acceptByGroup(presented, { configuration, now })
    : acceptIndividual(individual, presented, { configuration, now });
}

/** The faults for the registrationId, or else those of the device's enrollment. */
export function faultsOf(
  configuration: DpsConfiguration,
  registrationId: string,
  decision: EnrollmentDecision,
): readonly Fault[] {
  const own = Object.hasOwn(configuration.faults, registrationId) ? configuration.faults[registrationId] : undefined;
  if (own !== undefined) return own;
  if (decision.kind === 'accepted') return decision.enrollment.fault;
  return individualOf(configuration, registrationId)?.fault ?? [];
}

/** A registrationId is case-insensitive (REST reference). */
function individualOf(configuration: DpsConfiguration, registrationId: string): IndividualEnrollment | undefined {
  const wanted = registrationId.toLowerCase();
  return configuration.individualEnrollments.find((one) => one.registrationId.toLowerCase() === wanted);
}

function acceptIndividual(enrollment: IndividualEnrollment, presented: Presented, when: Moment): EnrollmentDecision {
  const shared = {
    kind: 'accepted',
    enrollment,
    enrollmentGroupId: undefined,
    deviceId: enrollment.deviceId ?? enrollment.registrationId,
  } as const;
  switch (enrollment.attestation.type) {
    case 'symmetricKey': {
      const keys = keysOf(enrollment.attestation.symmetricKey);
      return acceptToken(shared, presented, keys, when);
    }
    case 'x509': {
      const trust = {
        kind: 'certificates',
        accepted: certificatesOf(enrollment.attestation.x509.clientCertificates),
      } as const;
      return acceptCertificates(shared, presented, trust, when);
    }
  }
}

function acceptByGroup(presented: Presented, when: Moment): EnrollmentDecision {
  const judged = when.configuration.enrollmentGroups
    .filter((group) => group.attestation.type === (presented.password === undefined ? 'x509' : 'symmetricKey'))
    .map((group) => acceptIntoGroup(group, presented, when));
  const accepted = judged.find((decision) => decision.kind === 'accepted');
  if (accepted !== undefined) return accepted;
  // Prefer a specific reason of one group to "untrusted" of the others
  const closest = judged.find((decision) => decision.kind === 'refused' && decision.why !== whyUntrusted);
  return closest ?? judged[0] ?? refused(404, 404201, 'Enrollment not found.', 'no enrollment for this registrationId');
}

function acceptIntoGroup(group: EnrollmentGroup, presented: Presented, when: Moment): EnrollmentDecision {
  const shared = {
    kind: 'accepted',
    enrollment: group,
    enrollmentGroupId: group.enrollmentGroupId,
    deviceId: presented.registrationId,
  } as const;
  switch (group.attestation.type) {
    case 'symmetricKey': {
      const keys = keysOf(group.attestation.symmetricKey).map((key) =>
        createSecretKey(deviceKeyOf(key, presented.registrationId)),
      );
      return acceptToken(shared, presented, keys, when);
    }
    case 'x509': {
      const trust = {
        kind: 'authorities',
        accepted: certificatesOf(group.attestation.x509.signingCertificates),
      } as const;
      return acceptCertificates(shared, presented, trust, when);
    }
  }
}

function acceptCertificates(
  shared: Omit<AcceptedDevice, 'credential' | 'certificate'>,
  presented: Presented,
  trust: X509Trust,
  { now, configuration: { clockSkewSeconds } }: Moment,
): EnrollmentDecision {
  const verdict = judgeCertificates(presented.certificates, trust, presented.registrationId, now, clockSkewSeconds);
  if (verdict !== 'trusted') return refused(401, 401002, 'Invalid certificate.', whyCertificate[verdict]);
  return {
    ...shared,
    credential: { kind: 'x509', trust, registrationId: presented.registrationId },
    certificate: presented.certificates[0],
  };
}

function acceptToken(
  shared: Omit<AcceptedDevice, 'credential' | 'certificate'>,
  { idScope, registrationId, password }: Presented,
  keys: readonly SasKey[],
  { now, configuration: { strict, clockSkewSeconds } }: Moment,
): EnrollmentDecision {
  if (password === undefined) return refusedToken('missing');
  const resource = `${idScope}/registrations/${registrationId}`;
  const verdict = judgeSasToken(password, { resource, policy: 'registration', keys, now, clockSkewSeconds });
  if (verdict !== 'valid' && (verdict !== 'noPolicy' || strict)) return refusedToken(verdict);
  const accepted = { ...shared, credential: { kind: 'symmetricKey', keys }, certificate: undefined } as const;
  return verdict === 'valid' ? accepted : { ...accepted, note: whyToken.noPolicy };
}

const whyToken: Record<Exclude<SasVerdict, 'valid'> | 'missing', string> = {
  missing: 'no SAS token, but the enrollment requires one',
  malformed: 'the password is not a SAS token',
  wrongResource: 'sr is not {idScope}/registrations/{registrationId}',
  wrongPolicy: 'skn is not "registration"',
  noPolicy: 'the SAS token has no skn',
  expired: 'the SAS token has expired',
  wrongSignature: 'the signature was made with another key',
};

const whyUntrusted = 'the certificate does not lead to an enrolled one';

const whyCertificate: Record<Exclude<X509Verdict, 'trusted'>, string> = {
  untrusted: whyUntrusted,
  notValidNow: 'a certificate of the chain has expired or is not valid yet',
  wrongCommonName: "the certificate's common name is not the registrationId",
};

function refusedToken(verdict: Exclude<SasVerdict, 'valid'> | 'missing'): RefusedDevice {
  return refused(401, 401000, 'Unauthorized.', whyToken[verdict]);
}

function refused(status: 401 | 404, errorCode: number, message: string, why: string): RefusedDevice {
  return { kind: 'refused', status, errorCode, message, why };
}

function keysOf(pair: { readonly primaryKey: SasKey; readonly secondaryKey?: SasKey | undefined }): SasKey[] {
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
