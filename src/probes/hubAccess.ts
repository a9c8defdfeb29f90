import { type CertificateRequest, createCertificateRequest } from '../attestation/certificateRequest.ts';
import { judgeIssuedChain } from '../attestation/issuedCertificate.ts';
import type { Probe } from '../config/probe.ts';
import type { Assigned } from '../dps/registrationResult.ts';
import { isDeviceName } from '../hub/hubName.ts';
import { type HubConnection, type HubRun, verifyHub } from '../hub/verifyHub.ts';
import type { CertificateNotIssued, ProbeResult } from '../outcomes/outcome.ts';
import type { Phase } from '../transport/phase.ts';
import { tlsContext } from '../transport/tlsContext.ts';
import type { Credential } from './credential.ts';

/** An assignment, and the credential that the device presents to its hub. */
export interface HubAccess {
  readonly kind: 'hubAccess';
  readonly assigned: Extract<ProbeResult, { kind: 'assigned' }>;
  readonly credential: Pick<HubConnection, 'secureContext' | 'password' | 'credential'>;
}

/** Returns access with the certificate that was issued with the assignment, or, if none was requested, with the onboarding credential. */
export async function hubAccessOf(
  assigned: Assigned,
  { secureContext, hubPassword: password }: Credential,
  requested:
    | { readonly request: CertificateRequest; readonly registrationId: string; readonly phase: Phase }
    | undefined,
  issuedChain: unknown,
): Promise<HubAccess | CertificateNotIssued> {
  if (!requested) return { kind: 'hubAccess', assigned, credential: { secureContext, password } };
  const { request, registrationId, phase } = requested;
  const { publicKey, privateKey } = request;
  const issued = await judgeIssuedChain(issuedChain, { publicKey, commonNames: [registrationId], atMs: Date.now() });
  if (issued.kind === 'notIssued') return { ...assigned, phase, ...issued, kind: 'certificateNotIssued' };
  const { certificate: issuedCertificate, certificateChain } = issued;
  return {
    kind: 'hubAccess',
    assigned: { ...assigned, issuedCertificate },
    credential: { secureContext: tlsContext({ certificateChain, privateKey }), credential: 'issuedCertificate' },
  };
}

export interface VerificationPlan {
  /** Undefined: no verification is possible. */
  readonly verification: Probe['verifyHub'];
  readonly notes: readonly string[];
}

/** How far the assignment can be verified. `notes` explain why that is less than the probe asks for. */
export function planVerification(
  verification: NonNullable<Probe['verifyHub']>,
  { connectionProfile = 'classic', assignedHub, deviceId }: Assigned,
): VerificationPlan {
  // This client fails at a hub with another protocol, which would not show a problem of the hub. An unknown profile may be
  // one.
  if (connectionProfile.toLowerCase() !== 'classic') {
    const note = `verified up to the assignment: the connection profile of ${assignedHub} is ${connectionProfile}, and this client supports only MQTT 3.1.1`;
    return { verification: undefined, notes: [note] };
  }
  const notes = isDeviceName(assignedHub)
    ? [
        `the user name at the hub has the assigned name ${assignedHub}; which of a hub's two names it expects is not documented`,
      ]
    : [];
  // MQTT 3.1.1 section 4.7.1: a topic name must not contain wildcards. The server would close the connection.
  if (verification === 'telemetry' && /[#+]/.test(deviceId)) {
    const note = `verified up to the hub's CONNACK: MQTT forbids # and + in a topic name, so that a device with the ID ${deviceId} cannot send telemetry`;
    return { verification: 'connect', notes: [...notes, note] };
  }
  return { verification, notes };
}

/** The part of a probe's run that its hub needs. */
export interface VerificationRun extends HubRun {
  readonly probe: Pick<Probe, 'registrationId' | 'transport'>;
  readonly addNote: (note: string) => void;
}

/** Verifies the assignment at the hub. Returns `assigned` when the hub accepts the device, otherwise what went wrong. */
export async function verifyAssignment(
  verification: NonNullable<Probe['verifyHub']>,
  access: HubAccess,
  run: VerificationRun,
): Promise<ProbeResult> {
  if (verification === 'renew') return renewAtHub(access, run);
  const { assigned, credential } = access;
  const { transport } = run.probe;
  const verified = await verifyHub({ ...assigned, ...credential, transport, verification }, run);
  return verified.kind === 'hubRefused' ? { ...verified, ...issuedOf(assigned) } : assigned;
}

/** Requests a renewed certificate from the hub, and verifies it with a second connection. */
async function renewAtHub({ assigned, credential }: HubAccess, run: VerificationRun): Promise<ProbeResult> {
  const { registrationId, transport } = run.probe;
  const verification = 'renew';
  const { csr, publicKey, privateKey } = await createCertificateRequest(registrationId);
  const renewed = await verifyHub({ ...assigned, ...credential, transport, verification, csr }, run);
  if (renewed.kind === 'hubRefused') return { ...renewed, ...issuedOf(assigned) };
  if (renewed.kind === 'verified') return assigned;

  const { kind: _, certificates, otherRequest, ...operation } = renewed;
  if (otherRequest !== undefined) {
    run.addNote(
      `the hub also responded to another certificate request of this device (${otherRequest}): an earlier run was cut off, or another client renews as this device`,
    );
  }
  // It is not documented which of the two names the hub uses.
  const commonNames = [...new Set([registrationId, assigned.deviceId])];
  const chain = await judgeIssuedChain(certificates, { publicKey, commonNames, atMs: Date.now() });
  if (chain.kind === 'notIssued') return { ...assigned, phase: 'hub', ...chain, kind: 'certificateNotIssued' };

  const renewal = { ...operation, certificate: chain.certificate };
  // The first connection is closed, and a new TLS context resumes no session, so the hub must accept the new certificate
  // itself.
  const secureContext = tlsContext({ certificateChain: chain.certificateChain, privateKey });
  const proven = await verifyHub(
    { ...assigned, transport, secureContext, credential: 'renewedCertificate', verification: 'connect' },
    run,
  );
  if (proven.kind === 'hubRefused') return { ...proven, verification, ...issuedOf(assigned), renewal };
  return { ...assigned, renewal };
}

function issuedOf({ issuedCertificate }: HubAccess['assigned']) {
  return issuedCertificate && { issuedCertificate };
}
