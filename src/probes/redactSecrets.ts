/** Long enough not to occur in other text by chance, and short enough to find part of a secret that was split over fields. */
const minCharacters = 8;
const gramCharacters = 6;
/** Any `minCharacters` in a row contain a gram that starts at a multiple of this. */
const step = minCharacters - gramCharacters + 1;
const redacted = '(removed)';

/**
 * Removes a device's secrets from what a run saw. A service may send back the token, its signature or the key: unchanged, percent-encoded,
 * in base64, in hexadecimal or in parts. Done once, for every text, so that readers of the facts need not do it.
 *
 * @param secrets tokens, keys and private keys, as they were used
 */
export function redactSecrets<T>(facts: T, secrets: readonly string[]): T {
  return mapTexts(facts, createRedactor(secrets)) as T;
}

interface Place {
  readonly form: string;
  readonly at: number;
}

function createRedactor(secrets: readonly string[]): (text: string) => string {
  const forms = [...new Set(secrets.flatMap(partsOf).flatMap(formsOf))];
  const mayHave = gramFilter(forms);
  return (text) => {
    if (text.length < minCharacters) return text;
    let clean = withoutTokens(text);
    for (let index = 0; index + gramCharacters <= clean.length; index += step) {
      const place = mayHave(clean, index) ? placeOf(clean.slice(index, index + gramCharacters), forms) : undefined;
      if (place === undefined) continue;
      const [start, end] = extend(clean, index, place);
      if (end - start < minCharacters) continue;
      clean = `${clean.slice(0, start)}${redacted}${clean.slice(end)}`;
      index = start + redacted.length - step;
    }
    return clean;
  };
}

function placeOf(gram: string, forms: readonly string[]): Place | undefined {
  for (const form of forms) {
    const at = form.indexOf(gram);
    if (at >= 0) return { form, at };
  }
  return undefined;
}

/** One bit for each hash of a gram, over all forms of one run. Shared by all runs: it is filled and used synchronously. */
const hashBits = 18;
const seenHashes = new Uint32Array(2 ** (hashBits - 5));

/**
 * Whether any form may contain the gram at an index of a text (a Bloom filter): no false negatives, and one false positive in sixty. The
 * forms of one run have thousands of grams, and hardly any text contains one; a set of strings would cost a tenth of a registration.
 */
function gramFilter(forms: readonly string[]): (text: string, index: number) => boolean {
  seenHashes.fill(0);
  for (const form of forms) {
    let gram = 0;
    for (let at = 0; at < form.length; at += 1) {
      gram = nextGram(gram, form.charCodeAt(at));
      if (at < gramCharacters - 1) continue;
      const hash = hashOf(gram);
      seenHashes[hash >>> 5] = (seenHashes[hash >>> 5] ?? 0) | (1 << (hash & 31));
    }
  }
  return (text, index) => {
    let gram = 0;
    for (let at = index; at < index + gramCharacters; at += 1) gram = nextGram(gram, text.charCodeAt(at));
    const hash = hashOf(gram);
    return ((seenHashes[hash >>> 5] ?? 0) & (1 << (hash & 31))) !== 0;
  };
}

/** Five bits for each character, thirty in all: characters before the last six are shifted out. */
function nextGram(gram: number, character: number): number {
  return ((gram << 5) ^ character) & 0x3fff_ffff;
}

function hashOf(gram: number): number {
  return Math.imul(gram, 0x9e37_79b1) >>> (32 - hashBits);
}

/** Removes all tokens, not only this device's. */
function withoutTokens(text: string): string {
  if (!text.includes('=')) return text;
  return text.replace(/SharedAccessSignature\s+\S+/gi, redacted).replace(/\bsig=(?!\()[^&\s"]+/gi, `sig=${redacted}`);
}

/** Start and end of the longest text around the index that also occurs in the form. */
function extend(text: string, index: number, { form, at }: Place): readonly [number, number] {
  let [before, after] = [0, gramCharacters];
  while (before < Math.min(index, at) && text[index - before - 1] === form[at - before - 1]) before += 1;
  while (index + after < text.length && at + after < form.length && text[index + after] === form[at + after])
    after += 1;
  return [index - before, index + after];
}

/** The secret parts of a secret: a token's signature, the base64 lines of a PEM, otherwise all of it. */
function partsOf(secret: string): readonly string[] {
  const signature = /\bsig=([^&]+)/.exec(secret)?.[1];
  if (signature !== undefined) return [decodeURIComponent(signature)];
  return secret.includes('-----BEGIN')
    ? secret.split(/\r?\n/).filter((line) => line !== '' && !line.startsWith('-----'))
    : [secret];
}

/** The encodings in which a service may send it back. */
function formsOf(part: string): readonly string[] {
  const encoded = encodeURIComponent(part);
  const encodedForms = [encodeURIComponent(encoded), encoded, encoded.replace(/%../g, (byte) => byte.toLowerCase())];
  const base64url = part.replaceAll('+', '-').replaceAll('/', '_');
  const hex = [Buffer.from(part, 'base64').toString('hex'), Buffer.from(part).toString('hex')];
  const hexForms = [...hex, ...hex.map((digits) => digits.toUpperCase())];
  return [...encodedForms, part, base64url, ...hexForms, ...[...encodedForms, part].flatMap(base64Of)];
}

/**
 * In base64 of a longer text, its encoding depends on its position modulo three. The characters that its neighbours influence are left out.
 */
function base64Of(text: string): readonly string[] {
  const bytes = Buffer.from(`  ${text}`);
  return [0, 1, 2].map((before) => {
    const base64 = bytes.toString('base64', 2 - before);
    const firstWhole = before === 0 ? 0 : before + 1;
    const lastWhole = Math.floor(((bytes.length - 2 + before) * 4) / 3) - 3;
    return base64.slice(firstWhole, Math.max(firstWhole, lastWhole));
  });
}

/** Returns the same object where nothing changes. */
function mapTexts(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === 'string') return change(value);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    const items = value.map((item) => mapTexts(item, change));
    return items.some((item, index) => item !== value[index]) ? items : value;
  }
  const fields = Object.entries(value);
  let changed = false;
  for (const field of fields) {
    const [key, was] = field;
    field[0] = change(key);
    field[1] = mapTexts(was, change);
    changed ||= field[0] !== key || field[1] !== was;
  }
  return changed ? Object.fromEntries(fields) : value;
}
