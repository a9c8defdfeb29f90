/** UTF-16 units; `end` is exclusive. */
export interface TextRange {
  readonly start: number;
  readonly end: number;
}

/** A text that was made from another one. */
export interface TextView {
  readonly text: string;
  /** What a character was made of, in the first text. */
  readonly rangeOf: (index: number) => TextRange;
}

export function viewOf(text: string): TextView {
  return { text, rangeOf: (index) => ({ start: index, end: index + 1 }) };
}

/** Both and what is between them, in whichever order: in a reversed view, later characters come first. */
export function span(one: TextRange, other: TextRange): TextRange {
  return { start: Math.min(one.start, other.start), end: Math.max(one.end, other.end) };
}

/** The view's letters and digits (ASCII). */
export function lettersOf(view: TextView): TextView {
  return only(view, letters);
}

/** The view's hexadecimal digits, in lower case. */
export function hexDigitsOf(view: TextView): TextView {
  return only(view, hexDigits);
}

/** For each character that is wanted, the one to put in its place; otherwise 0. */
type Wanted = Uint8Array;
const letters = tableOf('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789');
const hexDigits = tableOf('0123456789abcdefABCDEF', (digit) => digit.toLowerCase());

function tableOf(wanted: string, put = (character: string) => character): Wanted {
  const table = new Uint8Array(128);
  for (const character of wanted) table[character.charCodeAt(0)] = put(character).charCodeAt(0);
  return table;
}

function only(view: TextView, wanted: Wanted): TextView {
  const { text } = view;
  const bytes = Buffer.allocUnsafe(text.length);
  let length = 0;
  for (let at = 0; at < text.length; at += 1) {
    const put = wanted[text.charCodeAt(at)] ?? 0;
    if (put !== 0) bytes[length++] = put;
  }
  return lazilyPlaced(bytes.toString('latin1', 0, length), view, () => {
    const indexes = new Uint32Array(length);
    let next = 0;
    for (let at = 0; at < text.length; at += 1) {
      if (wanted[text.charCodeAt(at)]) indexes[next++] = at;
    }
    return indexes;
  });
}

/**
 * A view of some of the characters of another one.
 *
 * @param indexesOf the index of each of them in the other; called only if something is found
 */
function lazilyPlaced(text: string, view: TextView, indexesOf: () => Uint32Array): TextView {
  let indexes: Uint32Array | undefined;
  const indexOf = (index: number) => {
    indexes ??= indexesOf();
    return indexes[index] ?? 0;
  };
  return { text, rangeOf: (index) => view.rangeOf(indexOf(index)) };
}

/** Of a text of ASCII characters. */
export function reversed(view: TextView): TextView {
  const last = view.text.length - 1;
  return {
    text: Buffer.from(view.text, 'latin1').reverse().toString('latin1'),
    rangeOf: (index) => view.rangeOf(last - index),
  };
}

/**
 * Escapes of URLs (`%41`), of JSON and JavaScript (`\u0041`, `\x41`, `\n`) and of HTML (`&#65;`, `&#x41;`), and the prefix of hexadecimal
 * bytes. The percent sign or backslash may have been escaped as well, any number of times.
 */
const escapes =
  /%(?:25)*([\da-f]{2})|(?<!\\)\\+(?:u([\da-f]{4})|x([\da-f]{2})|[nrtbf])|&#(?:x([\da-f]{1,6})|(\d{1,7}));|\b0x(?=[\da-f]{2}\b)/gi;
const mayHaveEscapes = /[%\\]|&#|0x/i;
/** Kinds of escapes inside one another, such as a percent sign in a JSON escape. */
const maxEscapes = 3;

/** The view without its escapes; the same object if it has none. */
export function unescaped(view: TextView, more = maxEscapes): TextView {
  if (more === 0 || !mayHaveEscapes.test(view.text)) return view;
  const text = view.text.replace(escapes, characterOf);
  if (text.length === view.text.length) return view;
  let places: Uint32Array | undefined; // needed only if something is found
  const placeOf = (index: number) => {
    places ??= unescapedPlaces(view.text, text.length);
    return places[index] ?? view.text.length;
  };
  const plain: TextView = {
    text,
    rangeOf: (index) => span(view.rangeOf(placeOf(index)), view.rangeOf(placeOf(index + 1) - 1)),
  };
  return unescaped(plain, more - 1);
}

/** At most one UTF-16 unit; no secret has a character beyond ASCII. */
function characterOf(
  _escape: string,
  percent?: string,
  unicode?: string,
  byte?: string,
  hex?: string,
  decimal?: string,
) {
  const digits = percent ?? unicode ?? byte ?? hex;
  const code = digits === undefined ? Number(decimal) : Number.parseInt(digits, 16);
  return code <= 0xffff ? String.fromCharCode(code) : ''; // NaN if it stands for no character
}

function unescapedPlaces(text: string, count: number): Uint32Array {
  const places = new Uint32Array(count);
  let [next, at] = [0, 0];
  const addUpTo = (end: number) => {
    for (; at < end; at += 1) places[next++] = at;
  };
  for (const match of text.matchAll(escapes)) {
    addUpTo(match.index);
    const [whole, ...digits] = match;
    if (characterOf(whole, ...digits) !== '') places[next++] = at;
    at += whole.length;
  }
  addUpTo(text.length);
  return places;
}

/** Base64 of 15 characters. Words and identifiers are shorter, so that an ordinary text is not decoded eight times for nothing. */
const base64Letters = 20;

/** Base64 may be in lines, but not letter by letter. */
export function mayHaveBase64({ text }: TextView): boolean {
  return hasRun(text.length, base64Letters, (at) => (letters[text.charCodeAt(at)] ?? 0) !== 0);
}

/** What base64 stands for, if some of it is text. Its groups of four characters may begin at any of the first four. */
export function base64Decoded(base64: TextView): readonly TextView[] {
  return [0, 1, 2, 3].flatMap((first) =>
    textOf({
      bytes: Buffer.from(base64.text.slice(first), 'base64'),
      rangeOf: (index) =>
        span(
          base64.rangeOf(first + Math.floor((index * 8) / 6)),
          base64.rangeOf(first + Math.floor((index * 8 + 7) / 6)),
        ),
    }),
  );
}

/** What hexadecimal digits stand for, if some of it is text. */
export function hexDecoded(digits: TextView): readonly TextView[] {
  return [0, 1].flatMap((first) =>
    textOf({
      bytes: Buffer.from(digits.text.slice(first), 'hex'),
      rangeOf: (index) => span(digits.rangeOf(first + 2 * index), digits.rangeOf(first + 2 * index + 1)),
    }),
  );
}

/** Base64 of 12 characters. Bytes that are not text hardly ever have so many ASCII characters in a row. */
const textCharacters = 16;
const runsOfText = new RegExp(`[\\0-\\x7f]{${textCharacters},}`, 'g');

/** The parts of the bytes that are text, as one text; none if they have none. */
function textOf({ bytes, rangeOf }: Omit<TextView, 'text'> & { readonly bytes: Buffer }): readonly TextView[] {
  if (!hasRun(bytes.length, textCharacters, (at) => (bytes[at] ?? 0x80) < 0x80)) return [];
  const all: TextView = { text: bytes.toString('latin1'), rangeOf };
  const text = all.text.match(runsOfText)?.join('') ?? '';
  return [
    lazilyPlaced(text, all, () => {
      const indexes = new Uint32Array(text.length);
      let next = 0;
      for (const { index, 0: run } of all.text.matchAll(runsOfText)) {
        for (let at = index; at < index + run.length; at += 1) indexes[next++] = at;
      }
      return indexes;
    }),
  ];
}

/** Whether so many in a row are wanted. Looks at each that can be the last of them, and at those before it only if it is wanted. */
function hasRun(length: number, size: number, isWanted: (at: number) => boolean): boolean {
  for (let at = size - 1; at < length; ) {
    let before = at;
    while (before > at - size && isWanted(before)) before -= 1;
    if (before === at - size) return true;
    at = before + size;
  }
  return false;
}
