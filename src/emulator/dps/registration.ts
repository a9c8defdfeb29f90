/** The body of a register message: `DeviceRegistration`, `{ registrationId, payload?, csr?, tpm? }`. */
import {
  type CertificateRequest,
  judgeCertificateRequest,
  readCertificateRequest,
} from '../credentials/certificateRequest.ts';
import { takesCertificateRequests } from './identity.ts';

export interface Registration {
  readonly kind: 'valid';
  readonly payload: unknown;
  /** Present when the device requests an operational certificate, and its api-version supports that. */
  readonly certificateRequest: CertificateRequest | undefined;
  /** What the service accepts although it is undocumented. */
  readonly notes: readonly string[];
}

export type ParsedRegistration = Registration | { readonly kind: 'invalid'; readonly message: string };

interface RegisteringDevice {
  readonly registrationId: string;
  readonly apiVersion: string;
  /** Refuse what the documents do not allow. */
  readonly strict: boolean;
}

interface Fields {
  readonly registrationId?: unknown;
  readonly payload?: unknown;
  readonly csr?: unknown;
  readonly tpm?: unknown;
}

export function parseRegistration(text: string, device: RegisteringDevice): ParsedRegistration {
  const parsed = parseFields(text);
  if (parsed.kind === 'invalid') return parsed;
  const { fields } = parsed;
  const notes = [...parsed.notes];
  if (fields.registrationId === undefined) notes.push('the body has no registrationId');
  else if (
    typeof fields.registrationId !== 'string' ||
    fields.registrationId.toLowerCase() !== device.registrationId.toLowerCase()
  )
    return invalid('The registrationId of the body is not that of the connection.');
  const [first] = notes;
  if (device.strict && first !== undefined) return invalid(`${first.replace(/^t/, 'T')}.`);
  if (fields.tpm !== undefined) return invalid('TPM attestation is not supported over MQTT.');
  const { payload } = fields;
  if (fields.csr === undefined) return { kind: 'valid', payload, certificateRequest: undefined, notes };
  return withCertificateRequest(fields.csr, payload, device, notes);
}

type ParsedFields =
  | { readonly kind: 'fields'; readonly fields: Fields; readonly notes: readonly string[] }
  | { readonly kind: 'invalid'; readonly message: string };

/** docs/field-notes.md names the devices that send what is accepted with a note. */
function parseFields(text: string): ParsedFields {
  if (text.trim() === '') return { kind: 'fields', fields: {}, notes: [] };
  const strict = parseJson(text);
  const body = strict ?? parseJson(text.replace(/([{,]\s*)([A-Za-z_]\w*)(\s*:)/g, '$1"$2"$3'));
  if (body === undefined) return invalid('The body is not valid JSON.');
  if (typeof body.value !== 'object' || body.value === null || Array.isArray(body.value))
    return invalid('The body is not a DeviceRegistration object.');
  const notes = strict === undefined ? ['the body has names without quotes'] : [];
  return { kind: 'fields', fields: body.value, notes };
}

function parseJson(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined; // the caller reports the error
  }
}

function withCertificateRequest(
  csr: unknown,
  payload: unknown,
  { registrationId, apiVersion, strict }: RegisteringDevice,
  notes: readonly string[],
): ParsedRegistration {
  if (!takesCertificateRequests(apiVersion)) {
    const why = `api-version ${apiVersion} does not know csr; 2025-07-01-preview and newer do`;
    if (strict) return invalid(`${why}.`);
    return { kind: 'valid', payload, certificateRequest: undefined, notes: [...notes, `csr ignored: ${why}`] };
  }
  const read = readCertificateRequest(csr);
  if (read.kind === 'malformed') return invalid(`The csr ${read.why}.`);
  const verdict = judgeCertificateRequest(read.request, [registrationId], strict);
  if (verdict.kind === 'refused') return invalid(`The csr ${verdict.why}.`);
  return { kind: 'valid', payload, certificateRequest: read.request, notes: [...notes, ...verdict.notes] };
}

function invalid(message: string): { readonly kind: 'invalid'; readonly message: string } {
  return { kind: 'invalid', message };
}
