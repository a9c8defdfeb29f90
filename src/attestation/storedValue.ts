import { looksLikePem } from './pem.ts';

/** The form of a vault value, detected from its content, because content types are often missing or wrong. */
export type StoredValue = { readonly wrappings: readonly Wrapping[] } & (
  | { readonly kind: 'pem'; readonly text: string }
  /** One ASN.1 structure: a PKCS#12 file, or a bare certificate or key. */
  | { readonly kind: 'der'; readonly bytes: Buffer }
  /** Base64 of something else: a symmetric key. */
  | { readonly kind: 'base64'; readonly bytes: Buffer }
  | { readonly kind: 'foreign'; readonly form: ForeignForm; readonly what: string }
);

/** What surrounded the content and was removed. */
export type Wrapping = 'quotes' | 'base64';

/** Values that are often stored by mistake instead of a key or a certificate. */
export type ForeignForm = 'empty' | 'connectionString' | 'sasToken' | 'reference' | 'otherText' | 'incompleteBase64';

/** Base64 of base64 of base64 exists in practice; more layers are not an encoding mistake. */
const maxWrappings = 3;

/** Removes a byte order mark, quotes and base64 around base64, and classifies the rest. */
export function readStoredValue(value: string): StoredValue {
  const wrappings: Wrapping[] = [];
  let text = value;
  for (let depth = 0; ; depth += 1) {
    const bare = text.trim();
    const unquoted = bare.replace(/^(["'`“”‘’])([\s\S]*)["'`“”‘’]$/, '$2').trim();
    if (unquoted !== bare) wrappings.push('quotes');
    if (looksLikePem(unquoted)) return { kind: 'pem', text: unquoted, wrappings };
    const bytes = decodeBase64(unquoted);
    if (!bytes) return { kind: 'foreign', ...foreignForm(unquoted), wrappings };
    if (isDer(bytes)) return { kind: 'der', bytes, wrappings };
    const inner = depth < maxWrappings ? encodedText(bytes) : undefined;
    if (inner === undefined) return { kind: 'base64', bytes, wrappings };
    wrappings.push('base64');
    text = inner;
  }
}

/** Standard base64. Line breaks and blanks are allowed, because `base64` and `openssl` write them. */
function decodeBase64(text: string): Buffer | undefined {
  const compact = text.replace(/(?:\s|\\r|\\n)+/g, '');
  if (compact === '' || compact.length % 4 !== 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(compact)) return undefined;
  return Buffer.from(compact, 'base64');
}

/**
 * Keys have at most 64 bytes (DPS documentation, "Symmetric key attestation"), so a value of up to 64 bytes that looks like ASN.1 is a key.
 */
const maxKeyBytes = 64;

/** A SEQUENCE with the right length, or with indefinite length (BER, as Windows writes it). */
function isDer(bytes: Buffer): boolean {
  if (bytes.length <= maxKeyBytes || bytes[0] !== 0x30) return false;
  const first = bytes[1] ?? 0;
  if (first === 0x80) return true;
  if (first < 0x80) return first + 2 === bytes.length;
  const lengthBytes = first & 0x7f;
  return lengthBytes <= 4 && bytes.readUIntBE(2, lengthBytes) + 2 + lengthBytes <= bytes.length;
}

/**
 * The text in these bytes if a value was encoded twice: PEM, a connection string, or base64 again. A key may consist of letters only, so
 * base64 counts only if it has padding or is longer than a key.
 */
function encodedText(bytes: Buffer): string | undefined {
  const isUtf16 = bytes.length > 3 && bytes[1] === 0 && bytes[3] === 0;
  const startsWithMark = bytes[0] === 0xff && bytes[1] === 0xfe;
  const text = bytes.toString(isUtf16 || startsWithMark ? 'utf16le' : 'utf8').replace(/^\uFEFF/, '');
  if (!/^[\x20-\x7e\s]+$/.test(text)) return undefined;
  if (looksLikePem(text) || isConnectionString(text)) return text;
  const compact = text.replace(/\s+/g, '');
  const isBase64 = decodeBase64(compact) !== undefined;
  return isBase64 && (compact.endsWith('=') || bytes.length > maxKeyBytes) ? text : undefined;
}

function isConnectionString(text: string): boolean {
  return /(?:^|;)\s*(?:HostName|SharedAccessKey|AccountKey|InstrumentationKey|Endpoint)=/i.test(text);
}

/** Describes the value in words that follow "is". */
function foreignForm(text: string): { readonly form: ForeignForm; readonly what: string } {
  const otherText = (what: string) => ({ form: 'otherText', what }) as const;
  if (text === '') return { form: 'empty', what: 'empty' };
  if (/SharedAccessSignature|(?:^|&)(?:sr|sig)=/i.test(text)) return { form: 'sasToken', what: 'a SAS token' };
  if (isConnectionString(text)) return { form: 'connectionString', what: connectionStringKind(text) };
  if (/^@Microsoft\.KeyVault\(/i.test(text) || /^https:\/\/[^/]+\/(?:secrets|certificates|keys)\//i.test(text)) {
    return { form: 'reference', what: 'a reference to a Key Vault object' };
  }
  if (/^eyJ[\w-]+\.[\w-]+\./.test(text)) return otherText('a JSON web token');
  if (/^[{[]/.test(text)) return otherText('a JSON document');
  if (/^ssh-|^ecdsa-sha2-/.test(text)) return otherText('an SSH key');
  if (/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)) return otherText('a GUID');
  if (/^[0-9a-f]{2}(?:[: -][0-9a-f]{2})+$/i.test(text)) return otherText('hexadecimal: a thumbprint or a fingerprint');
  if (/^[A-Za-z0-9+/]+(?:%(?:2B|2F|3D)[A-Za-z0-9+/]*)+$/i.test(text)) return otherText('percent-encoded base64');
  if (/^[A-Za-z0-9_-]{20,}={0,2}$/.test(text) && /[-_]/.test(text)) return otherText('base64url text, or a name');
  if (/^[A-Za-z0-9+/\s]{16,}={0,2}$/.test(text)) {
    const characters = text.replace(/\s+/g, '').length;
    return {
      form: 'incompleteBase64',
      what: `base64 of ${characters} characters, which is not a multiple of 4: its padding or its end is missing`,
    };
  }
  return otherText('text that is neither base64 nor PEM');
}

function connectionStringKind(text: string): string {
  if (/DeviceId=/i.test(text)) return 'the connection string of a device';
  if (/azure-devices-provisioning\./i.test(text)) return 'the connection string of a DPS access policy';
  if (/HostName=/i.test(text)) return 'the connection string of an IoT Hub access policy';
  if (/AccountKey=|DefaultEndpointsProtocol=/i.test(text)) return 'the connection string of a storage account';
  if (/InstrumentationKey=/i.test(text)) return 'the connection string of Application Insights';
  if (/Endpoint=sb:/i.test(text)) return 'the connection string of an event hub or a service bus';
  return 'a part of a connection string';
}
