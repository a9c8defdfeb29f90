import { findSecrets } from './findSecrets.ts';

const redacted = '(removed)';

/**
 * Removes a device's secrets from what a run saw. A service may send back the token, its signature or the key: unchanged, in another
 * encoding, in parts. Done once, for every text, so that readers of the facts need not do it.
 *
 * @param secrets tokens, keys and private keys, as they were used
 */
export function redactSecrets<T>(facts: T, secrets: readonly string[]): T {
  const texts: Texts = { values: [], keys: new Set() };
  collect(facts, texts);
  const received = [...texts.values, ...texts.keys];
  const clean = withoutSecrets(received.map(withoutTokens), secrets);
  if (clean.every((text, index) => text === received[index])) return facts;
  const keys = new Map([...texts.keys].map((key, index) => [key, clean[texts.values.length + index] ?? key]));
  return rebuild(facts, clean.values(), keys) as T;
}

/** Removes all tokens, not only this device's. */
function withoutTokens(text: string): string {
  if (!text.includes('=')) return text;
  return text.replace(/SharedAccessSignature\s+\S+/gi, redacted).replace(/\bsig=(?!\()[^&\s"]+/gi, `sig=${redacted}`);
}

/** Searches all texts as one, because a secret may be split over them. */
function withoutSecrets(texts: readonly string[], secrets: readonly string[]): readonly string[] {
  const ranges = findSecrets(texts.join('\n'), secrets);
  if (ranges.length === 0) return texts;
  let offset = 0;
  return texts.map((text) => {
    const textStart = offset;
    offset += text.length + 1;
    let [clean, at] = ['', 0];
    for (const range of ranges) {
      const [start, end] = [Math.max(range.start - textStart, at), Math.min(range.end - textStart, text.length)];
      if (start >= end) continue;
      clean += text.slice(at, start) + redacted;
      at = end;
    }
    return clean + text.slice(at);
  });
}

/** Separate, so that a secret that is split over values is not interrupted by their keys. */
interface Texts {
  readonly values: string[];
  /** Each once: most of them are ours. */
  readonly keys: Set<string>;
}

function collect(facts: unknown, texts: Texts): void {
  if (typeof facts === 'string') texts.values.push(facts);
  if (typeof facts !== 'object' || facts === null) return;
  if (Array.isArray(facts)) {
    for (const item of facts) collect(item, texts);
    return;
  }
  for (const key of Object.keys(facts)) {
    texts.keys.add(key);
    collect(facts[key as keyof typeof facts], texts);
  }
}

/** The same facts with other texts: values in the order of `collect`. */
function rebuild(facts: unknown, values: Iterator<string>, keys: ReadonlyMap<string, string>): unknown {
  if (typeof facts === 'string') return values.next().value;
  if (typeof facts !== 'object' || facts === null) return facts;
  if (Array.isArray(facts)) return facts.map((item) => rebuild(item, values, keys));
  return Object.fromEntries(Object.entries(facts).map(([key, value]) => [keys.get(key), rebuild(value, values, keys)]));
}
