import {
  certificateStateOf,
  issuedCertificateOf,
  issuingAuthorities,
  renewalOf,
} from '../../outcomes/operationalCertificate.ts';
import { type Outcome, verdicts } from '../../outcomes/outcome.ts';
import { reasonCode } from '../../outcomes/reasonCode.ts';
import { phases } from '../../transport/phase.ts';
import type { ServerIdentity } from '../../transport/serverIdentity.ts';

/**
 * The metrics of a probe's last run and their help texts. All have base units, as `promtool check metrics` requires. Dates are timestamps,
 * so that "days left" is `(x - time()) / 86400` and is up to date between two runs.
 */
export const probeMetrics = {
  probe_success:
    'Whether the last run met what its probe expects (healthy or degraded: 1, failing: 0). Absent when the probe could not run: see probe_verdict.',
  probe_verdict: 'The verdict of the last run: 1 for the one that holds, 0 for the others.',
  probe_result:
    'Always 1: how the last run ended, and why (kind, code of the service or the platform, phase in which it stopped).',
  probe_duration_seconds: 'Duration of the whole last run.',
  probe_phase_duration_seconds: 'Time that the last run spent in each phase it entered. The phases add up to the run.',
  probe_polls: 'Operation status queries that the last run sent.',
  probe_last_run_timestamp_seconds: 'When the last run started, as Unix time.',
  probe_ssl_earliest_cert_expiry:
    'Earliest expiry in the certificate chain that the server presented, as Unix time; also when the chain was not accepted.',
  probe_certificate_expiry_timestamp_seconds:
    "Expiry of the server's certificate and of the device's own, as Unix time; also when validation failed.",
  probe_secret_expiry_timestamp_seconds: 'Expiry date of the Key Vault secret that the device used, as Unix time.',
  probe_operational_certificate_state:
    'Always 1: what became of the operational certificate that the last run requested: issued, renewed, notIssued, notRenewed or untrusted.',
  probe_issued_certificate_expiry_timestamp_seconds:
    'Expiry of the operational certificate that DPS issued in the last run, as Unix time.',
  probe_renewed_certificate_expiry_timestamp_seconds:
    'Expiry of the operational certificate that the hub issued in its place in the last run, as Unix time.',
  probe_issuing_authority_expiry_timestamp_seconds:
    'Earliest expiry among the CAs above the issued certificates, as Unix time: no operational certificate is valid for longer.',
  probe_certificate_renewal_duration_seconds:
    'Time that the hub took in the last run from the request for a new operational certificate to the certificate.',
  probe_ip_protocol: 'IP version of the address that the last run connected to: 4 or 6.',
  probe_tls_version_info: 'Always 1: the TLS version of the last run.',
} as const;

export type ProbeMetric = keyof typeof probeMetrics;

export interface Sample {
  readonly metric: ProbeMetric;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Converts an outcome to Prometheus samples. A value that was not measured has no sample, never a 0. */
export function probeSamples(outcome: Outcome): readonly Sample[] {
  return [
    ...successSample(outcome),
    ...verdicts.map((verdict) => sample('probe_verdict', outcome.verdict === verdict ? 1 : 0, { verdict })),
    sample('probe_result', 1, { result: outcome.result.kind, reason: reasonCode(outcome) }),
    ...phases.flatMap((phase) => seconds('probe_phase_duration_seconds', outcome.phases[phase], { phase })),
    ...seconds('probe_duration_seconds', outcome.durationMs),
    sample('probe_polls', outcome.polls),
    ...timestamp('probe_last_run_timestamp_seconds', outcome.startedAt),
    ...serverSamples(outcome.server),
    ...timestamp('probe_certificate_expiry_timestamp_seconds', outcome.credential?.certificateNotAfter, {
      certificate: 'device',
    }),
    ...timestamp('probe_secret_expiry_timestamp_seconds', outcome.credential?.secretExpiresOn),
    ...operationalCertificateSamples(outcome),
  ];
}

function operationalCertificateSamples({ result }: Outcome): readonly Sample[] {
  const state = certificateStateOf(result);
  const renewal = renewalOf(result);
  const [authorityNotAfter] = issuingAuthorities(result)
    .map(({ notAfter }) => notAfter)
    .toSorted();
  return [
    ...(state === 'none' ? [] : [sample('probe_operational_certificate_state', 1, { state })]),
    ...timestamp('probe_issued_certificate_expiry_timestamp_seconds', issuedCertificateOf(result)?.notAfter),
    ...timestamp('probe_renewed_certificate_expiry_timestamp_seconds', renewal?.certificate.notAfter),
    ...timestamp('probe_issuing_authority_expiry_timestamp_seconds', authorityNotAfter),
    ...seconds('probe_certificate_renewal_duration_seconds', renewal?.durationMs),
  ];
}

/** `unknown` is not "down": an alert on `probe_success == 0` must not fire when the app could not read the vault. */
function successSample({ verdict }: Outcome): readonly Sample[] {
  return verdict === 'unknown' ? [] : [sample('probe_success', verdict === 'failing' ? 0 : 1)];
}

function serverSamples(server: ServerIdentity | undefined): readonly Sample[] {
  if (server === undefined) return [];
  const notAfter = [server.certificateNotAfter, ...(server.chain ?? []).map((certificate) => certificate.notAfter)];
  const earliest = notAfter.filter((date) => date !== undefined).toSorted((a, b) => Date.parse(a) - Date.parse(b))[0];
  return [
    ...timestamp('probe_ssl_earliest_cert_expiry', earliest),
    ...timestamp('probe_certificate_expiry_timestamp_seconds', server.certificateNotAfter, { certificate: 'server' }),
    ...(server.family === undefined ? [] : [sample('probe_ip_protocol', server.family)]),
    ...tlsSample(server.tlsProtocol),
  ];
}

/** Node writes `TLSv1.3`; blackbox_exporter writes `TLS 1.3`, and dashboards expect that. */
function tlsSample(protocol: string | undefined): readonly Sample[] {
  const version = /^TLSv(\d(?:\.\d)?)$/.exec(protocol ?? '')?.[1];
  return version === undefined ? [] : [sample('probe_tls_version_info', 1, { version: `TLS ${version}` })];
}

function sample(metric: ProbeMetric, value: number, labels: Sample['labels'] = {}): Sample {
  return { metric, labels, value };
}

/** Rounds to microseconds: more digits are noise. */
function seconds(metric: ProbeMetric, durationMs: number | undefined, labels?: Sample['labels']): readonly Sample[] {
  return durationMs === undefined ? [] : [sample(metric, Math.round(durationMs * 1000) / 1e6, labels)];
}

function timestamp(metric: ProbeMetric, iso: string | undefined, labels?: Sample['labels']): readonly Sample[] {
  const at = Date.parse(iso ?? '');
  return Number.isNaN(at) ? [] : [sample(metric, at / 1000, labels)];
}
