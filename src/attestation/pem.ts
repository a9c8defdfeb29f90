/** One block of a PEM text, decoded. */
export interface PemBlock {
  /** `CERTIFICATE`, `PRIVATE KEY`, `EC PRIVATE KEY`, …, with single spaces. */
  readonly label: string;
  readonly der: Buffer;
  /** Encrypted in the old form, with header lines inside the block (RFC 1421 §4.6.1.1). `der` is empty then. */
  readonly encrypted: boolean;
}

export interface PemText {
  readonly blocks: readonly PemBlock[];
  /** Its line breaks were lost before it was stored, and have been repaired. */
  readonly repaired: boolean;
}

/** What is wrong with a text: `what` continues a sentence that begins with its name (`holds …`, `is …`). Never quotes the text. */
export interface UnreadableText {
  readonly what: string;
}

const labels = [
  'CERTIFICATE',
  'X509 CERTIFICATE',
  'TRUSTED CERTIFICATE',
  'CERTIFICATE REQUEST',
  'NEW CERTIFICATE REQUEST',
  'PRIVATE KEY',
  'RSA PRIVATE KEY',
  'EC PRIVATE KEY',
  'ENCRYPTED PRIVATE KEY',
  'OPENSSH PRIVATE KEY',
  'PUBLIC KEY',
  'EC PARAMETERS',
] as const;
const labelsByLetters = new Map(labels.map((label) => [label.replaceAll(' ', ''), label]));

const begin = /-----BEGIN([A-Z0-9\s]+?)-----/;

export function looksLikePem(text: string): boolean {
  return begin.test(withLineBreaks(text));
}

/**
 * Reads every block of a PEM text and ignores text between them (bag attributes, comments). Repairs line breaks that became the two
 * characters `\n`, became spaces, or were lost: the base64 between BEGIN and END is unambiguous without them.
 */
export function readPem(text: string): PemText | UnreadableText {
  const source = withLineBreaks(text);
  const blocks: PemBlock[] = [];
  let repaired = source !== text;
  for (const [, written = '', body = '', end] of source.matchAll(
    /-----BEGIN([A-Z0-9\s]+?)-----([\s\S]*?)(?:-----END([A-Z0-9\s]+?)-----|(?=-----BEGIN)|$)/g,
  )) {
    const label = labelOf(written);
    if (end === undefined) return { what: `holds a PEM block ${label} without its END line: the value was cut off` };
    if (/Proc-Type|DEK-Info/i.test(body)) {
      blocks.push({ label, der: Buffer.alloc(0), encrypted: true });
      continue;
    }
    const base64 = body.replace(/\s+/g, '');
    if (base64 === '' || !/^[A-Za-z0-9+/]+={0,2}$/.test(base64) || base64.length % 4 === 1) {
      return { what: `holds a PEM block ${label} whose content is not base64` };
    }
    repaired ||= base64.length > 76 && !/\n/.test(body.trim());
    blocks.push({ label, der: Buffer.from(base64, 'base64'), encrypted: false });
  }
  return { blocks, repaired };
}

/** `\n` in two characters (JSON, environment variables), `` `n `` (PowerShell), escaped twice, percent-encoded, or a carriage return alone. */
function withLineBreaks(text: string): string {
  const decoded = /-----BEGIN(?:%20|\+)/.test(text) ? percentDecoded(text) : text;
  return decoded
    .replace(/(?<![\\`])[\\`]+[rnt]|(?<!\\)\\+u000[9ad]/gi, '\n')
    .replace(/(?<!\\)\\+\//g, '/')
    .replace(/\r(?!\n)/g, '\n');
}

function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text.replace(/-----(?:BEGIN|END)[A-Z0-9+]+-----/g, (line) => line.replaceAll('+', ' ')));
  } catch {
    return text;
  }
}

function labelOf(written: string): string {
  return labelsByLetters.get(written.replace(/\s+/g, '')) ?? written.trim().replace(/\s+/g, ' ').slice(0, 40);
}
