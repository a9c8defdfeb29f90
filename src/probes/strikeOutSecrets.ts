/** Long enough that no other text has it by chance, short enough for a part of a secret that was split over fields. */
const minCharacters = 8;
const gramCharacters = 6;
/** Every run of `minCharacters` has a gram that starts at a multiple of this. */
const step = minCharacters - gramCharacters + 1;
const struckOut = '(removed)';

/**
 * Takes a device's secrets out of what a run saw: a service may send back the token, its signature or the key, as they are,
 * percent-encoded, in base64 or in parts. Once, at the end, over every text, so that no reader of the facts has to.
 *
 * @param secrets tokens, keys and private keys, as they were used
 */
export function strikeOutSecrets<T>(facts: T, secrets: readonly string[]): T {
  return mapTexts(facts, createStriker(secrets)) as T;
}

interface Place {
  readonly form: string;
  readonly at: number;
}

function createStriker(secrets: readonly string[]): (text: string) => string {
  const places = new Map<string, Place>();
  for (const form of new Set(secrets.flatMap(partsOf).flatMap(formsOf))) {
    for (let at = 0; at + gramCharacters <= form.length; at += 1) {
      const gram = form.slice(at, at + gramCharacters);
      if (!places.has(gram)) places.set(gram, { form, at });
    }
  }
  return (text) => {
    let clean = withoutTokens(text);
    for (let index = 0; index + gramCharacters <= clean.length; index += step) {
      const place = places.get(clean.slice(index, index + gramCharacters));
      if (place === undefined) continue;
      const [start, end] = extend(clean, index, place);
      if (end - start < minCharacters) continue;
      clean = `${clean.slice(0, start)}${struckOut}${clean.slice(end)}`;
      index = start + struckOut.length - step;
    }
    return clean;
  };
}

/** Whosever tokens they are. */
function withoutTokens(text: string): string {
  if (!text.includes('=')) return text;
  return text.replace(/SharedAccessSignature\s+\S+/gi, struckOut).replace(/\bsig=(?!\()[^&\s"]+/gi, `sig=${struckOut}`);
}

/** The part of the text around the index that it has in common with the form, as start and end. */
function extend(text: string, index: number, { form, at }: Place): readonly [number, number] {
  let [before, after] = [0, gramCharacters];
  while (before < Math.min(index, at) && text[index - before - 1] === form[at - before - 1]) before += 1;
  while (index + after < text.length && at + after < form.length && text[index + after] === form[at + after])
    after += 1;
  return [index - before, index + after];
}

/** What is secret in it: a token's signature, a PEM's base64, anything else whole. */
function partsOf(secret: string): readonly string[] {
  const signature = /\bsig=([^&]+)/.exec(secret)?.[1];
  if (signature !== undefined) return [decodeURIComponent(signature)];
  return secret.includes('-----BEGIN')
    ? secret.split(/\r?\n/).filter((line) => line !== '' && !line.startsWith('-----'))
    : [secret];
}

/** The forms in which a service may send it back. */
function formsOf(part: string): readonly string[] {
  const encoded = encodeURIComponent(part);
  const encodedForms = [encodeURIComponent(encoded), encoded, encoded.replace(/%../g, (byte) => byte.toLowerCase())];
  const base64url = part.replaceAll('+', '-').replaceAll('/', '_');
  return [...encodedForms, part, base64url, ...[...encodedForms, part].flatMap(base64Of)];
}

/** The base64 of a text that has it inside depends on where it begins, modulo three; what its neighbours change is left out. */
function base64Of(text: string): readonly string[] {
  return [0, 1, 2].map((before) => {
    const base64 = Buffer.from(`${' '.repeat(before)}${text}`).toString('base64');
    return base64.slice(before === 0 ? 0 : before + 1).replace(/.{0,3}=*$/, '');
  });
}

function mapTexts(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === 'string') return change(value);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => mapTexts(item, change));
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [change(key), mapTexts(field, change)]));
}
