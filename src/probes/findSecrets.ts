import {
  base64Decoded,
  hexDecoded,
  hexDigitsOf,
  lettersOf,
  mayHaveBase64,
  reversed,
  span,
  type TextRange,
  type TextView,
  unescaped,
  viewOf,
} from './textViews.ts';

/** Base64 of base64 is two encodings inside one another. */
const maxEncodings = 3;

/**
 * Where a text contains one of the secrets, or a part of one. Encodings can be mixed and be inside one another, so that the text is decoded
 * in every possible way, and each result is searched by its letters and digits alone: line breaks and other separators do not matter.
 *
 * @returns in ascending order, without overlaps
 */
export function findSecrets(text: string, secrets: readonly string[]): readonly TextRange[] {
  const match = createMatcher([...new Set(secrets)].flatMap(formsOf));
  const found: TextRange[] = [];
  const searchIn = (view: TextView) => {
    for (const [start, end] of match(view.text)) found.push(...rangesOf(view, start, end));
    return view;
  };
  const search = (view: TextView, encodings: number) => {
    const plain = unescaped(view);
    for (const readable of plain === view ? [view] : [view, plain]) {
      const letters = searchIn(lettersOf(readable));
      const backwards = searchIn(reversed(letters));
      const digits = searchIn(hexDigitsOf(letters));
      if (encodings === maxEncodings) continue;
      const base64 = mayHaveBase64(readable) ? [letters, backwards] : [];
      for (const decoded of [...base64.flatMap(base64Decoded), ...hexDecoded(digits)]) search(decoded, encodings + 1);
    }
  };
  search(viewOf(text), 0);
  return withoutOverlaps(found.map(({ start, end }) => ({ start, end: end + paddingAt(text, end) })));
}

/** Enough for a few escaped separators after each letter. */
const maxSeparatorCharacters = 40;

/**
 * Where in the text some characters of a view are. A longer text between two of them is not of the secret: a view may join parts that are far
 * from each other.
 */
function rangesOf(view: TextView, start: number, end: number): readonly TextRange[] {
  const ranges: TextRange[] = [];
  for (let index = start; index < end; index += 1) {
    const [next, last] = [view.rangeOf(index), ranges.at(-1)];
    if (last && distance(last, next) <= maxSeparatorCharacters) ranges[ranges.length - 1] = span(last, next);
    else ranges.push(next);
  }
  return ranges;
}

function distance(one: TextRange, other: TextRange): number {
  return Math.max(other.start - one.end, one.start - other.end);
}

/** Base64 ends with up to two equals signs. */
function paddingAt(text: string, index: number): number {
  return text.startsWith('==', index) ? 2 : Number(text[index] === '=');
}

function withoutOverlaps(ranges: readonly TextRange[]): readonly TextRange[] {
  const separate: TextRange[] = [];
  for (const { start, end } of ranges.toSorted((one, other) => one.start - other.start)) {
    const last = separate.at(-1);
    if (last === undefined || start > last.end) separate.push({ start, end });
    else if (end > last.end) separate[separate.length - 1] = { start: last.start, end };
  }
  return separate;
}

/** What to look for: letters and digits, and so many of them as do not occur in other text by chance. */
interface Form {
  readonly text: string;
  readonly minCharacters: number;
}

/** Of 64 characters, and of 16. */
const [minCharacters, minHexDigits] = [8, 12];

/**
 * The secret's text (of a token its signature, of a PEM its base64), and the bytes that it stands for, in hexadecimal and in base64 of a
 * longer text, where their encoding depends on their position modulo three.
 */
function formsOf(secret: string): readonly Form[] {
  const signature = /\bsig=([^&]+)/.exec(secret)?.[1];
  const text = signature === undefined ? secret.replace(/-----[^-]+-----/g, '') : decodeURIComponent(signature);
  const bytes = Buffer.from(text, 'base64');
  // The first characters are partly made of the bytes before.
  const shifted = [1, 2].map((before) =>
    Buffer.concat([Buffer.alloc(before), bytes])
      .toString('base64')
      .slice(before + 1),
  );
  return [
    ...[text, ...shifted].map((form) => ({ text: form.replace(/[^a-z0-9]+/gi, ''), minCharacters })),
    { text: bytes.toString('hex'), minCharacters: minHexDigits },
  ];
}

const gramCharacters = 6;
/** Any `minCharacters` in a row contain a gram that starts at a multiple of this. */
const step = minCharacters - gramCharacters + 1;

/** Returns start and end of each part of a text that is also a part of a form. */
function createMatcher(forms: readonly Form[]): (text: string) => readonly (readonly [number, number])[] {
  const mayHave = gramFilter(forms.map(({ text }) => text));
  return (text) => {
    const matches: (readonly [number, number])[] = [];
    let [gram, at] = [0, 0];
    for (let end = gramCharacters; end <= text.length; end += step) {
      for (; at < end; at += 1) gram = nextGram(gram, text.charCodeAt(at));
      if (!mayHave(gram)) continue;
      const found = matchAround(text, end - gramCharacters, forms);
      if (found === undefined) continue;
      matches.push(found);
      end = Math.max(end, found[1] - step + gramCharacters);
    }
    return matches;
  };
}

/** Undefined if no form contains enough of the text around the index. */
function matchAround(text: string, index: number, forms: readonly Form[]): readonly [number, number] | undefined {
  const gram = text.slice(index, index + gramCharacters);
  for (const { text: form, minCharacters: enough } of forms) {
    for (let at = form.indexOf(gram); at >= 0; at = form.indexOf(gram, at + 1)) {
      const [start, end] = extend(text, index, form, at);
      if (end - start >= enough) return [start, end];
    }
  }
  return undefined;
}

/** Start and end of the longest text around the index that also occurs in the form around `at`. */
function extend(text: string, index: number, form: string, at: number): readonly [number, number] {
  let [before, after] = [0, gramCharacters];
  while (before < Math.min(index, at) && text[index - before - 1] === form[at - before - 1]) before += 1;
  while (index + after < text.length && at + after < form.length && text[index + after] === form[at + after])
    after += 1;
  return [index - before, index + after];
}

/** One bit for each hash of a gram, over all forms of one run. Shared by all runs: it is filled and used synchronously. */
const hashBits = 16;
const seenHashes = new Uint32Array(2 ** (hashBits - 5));

/**
 * Whether any form may contain a gram (a Bloom filter): no false negatives, and hardly any false positives. The forms of one run have
 * hundreds of grams, and hardly any text contains one; a set of strings would cost a tenth of a registration.
 */
function gramFilter(forms: readonly string[]): (gram: number) => boolean {
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
  return (gram) => {
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
