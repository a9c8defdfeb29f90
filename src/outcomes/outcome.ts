import type { CredentialProblem } from '../attestation/credentialProblems.ts';
import type { IssuanceError, IssuedCertificate } from '../attestation/issuedCertificate.ts';
import type { Assigned, RegistrationResult } from '../dps/registrationResult.ts';
import type { HubRefused } from '../hub/hubResult.ts';
import type { SecretUnavailable } from '../keyvault/secretResult.ts';
import type { VaultProblem } from '../keyvault/vaultProblems.ts';
import type { Phase, PhaseTimes } from '../transport/phase.ts';
import type { TranscriptEntry } from '../transport/recorder.ts';
import type { ServerIdentity } from '../transport/serverIdentity.ts';

/** What one run saw, without a judgement: `judgeRun` makes an Outcome from it. */
export interface RunFacts {
  readonly runId: string;
  /** ISO 8601 with milliseconds, UTC. */
  readonly startedAt: string;
  readonly durationMs: number;
  readonly phases: PhaseTimes;
  /** Status queries sent. */
  readonly polls: number;
  /** Time in the phase `assign` for which the service asked to wait (`retry-after`). Absent when it did not ask. */
  readonly waitedMs?: number;
  readonly result: ProbeResult;
  readonly server?: ServerIdentity;
  /** When the device's credential expires. */
  readonly credential?: CredentialExpiry;
  /** Anything unusual about the run. Shown, but never a cause for an alert. */
  readonly notes?: readonly string[];
  /** Stored with outcomes that are not healthy. */
  readonly transcript?: readonly TranscriptEntry[];
}

/**
 * The record of one run. The page, the history, the log line, the metrics and the alerts are derived from it. Other programs read it, so
 * its names are fixed.
 */
export interface Outcome extends RunFacts {
  readonly probe: string;
  readonly registrationId: string;
  readonly trigger: Trigger;
  readonly location: string;
  readonly verdict: Verdict;
  /** Sentences for the person on call: what happened, where, why, what to do next. Empty when healthy. */
  readonly reasons: readonly string[];
  /** What changed since the previous run. */
  readonly events?: readonly DriftEvent[];
}

/** `command`: a run from a terminal; it is not stored. */
export type Trigger = 'timer' | 'http' | 'simulation' | 'command';

export const verdicts = ['healthy', 'degraded', 'failing', 'unknown'] as const;

/** `unknown`: the probe could not run, or its result does not show whether the service works. */
export type Verdict = (typeof verdicts)[number];

/** Every way in which a run can end. */
export type ProbeResult =
  | Exclude<RegistrationResult, Assigned>
  | (Assigned & OperationalCertificates)
  | (HubRefused & OperationalCertificates)
  | CertificateNotIssued
  | NotRun;

/** With `requestCertificate`: the certificate that DPS issued, and with `verifyHub: "renew"` the one that the hub issued in its place. */
export interface OperationalCertificates {
  readonly issuedCertificate?: IssuedCertificate;
  readonly renewal?: Renewal;
}

/** The hub renewed the certificate. In a result `assigned`, the hub has also accepted the new one. */
export interface Renewal {
  /** From the request to the new certificate. */
  readonly durationMs: number;
  readonly correlationId?: string;
  readonly certificate: IssuedCertificate;
}

/** Assigned, but without the requested operational certificate, or with one that the device cannot use. */
export interface CertificateNotIssued
  extends Omit<Assigned, 'kind'>,
    Pick<OperationalCertificates, 'issuedCertificate'> {
  readonly kind: 'certificateNotIssued';
  /** `hub`: the error is in the renewal. */
  readonly phase: Phase;
  readonly cause: IssuanceError;
  readonly message: string;
}

/** The probe could not run. The cause is on our side, not in DPS. */
export interface NotRun {
  readonly kind: 'notRun';
  /** The phase in which the run stopped. Absent when it never entered one. */
  readonly phase?: Phase;
  readonly cause:
    | SecretUnavailable['kind']
    | 'invalidCredential'
    | 'timedOut'
    | 'cancelled'
    | 'expired'
    | 'neverRun'
    /** Another run of the same device was in progress the whole time. */
    | 'deviceBusy'
    /** The scheduled run reached its deadline first. */
    | 'outOfTime'
    /** An error in this program: the log has its stack. */
    | 'unexpected';
  /** The exact problem with the stored credential, or why the vault refused. */
  readonly detail?: CredentialProblem | VaultProblem;
  readonly message: string;
}

export interface CredentialExpiry {
  /** Of the Key Vault secret, ISO 8601. */
  readonly secretExpiresOn?: string;
  /** Of the device certificate, ISO 8601. */
  readonly certificateNotAfter?: string;
}

/** A change since the previous run. */
export interface DriftEvent {
  readonly kind:
    | 'assignedHub'
    | 'deviceId'
    | 'substatus'
    | 'connectionProfile'
    | 'addressFamily'
    | 'rootFingerprint256'
    | 'issuedCertificateIssuer'
    | 'issuedCertificateRoot'
    | 'refusedAt';
  readonly from: string;
  readonly to: string;
}
