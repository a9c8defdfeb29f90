/** The service's own words, without the JSON that they were wrapped in. */
export interface NestedMessage {
  readonly words: string;
  readonly errorCode?: number;
  readonly trackingId?: string;
  /** It was the error of another service, in JSON: DPS passes on what a hub or a webhook responded, at times in two levels. */
  readonly isNested: boolean;
}

const maxLevels = 4;
/** `Tracking ID:<32 hex>-G:10-TimeStamp:12/10/2020 06:42:31` stands at the end of a sentence, or is one. */
const trackingIdInText = /\s*\bTracking ID:\s*(\S+(?: \d{2}:\d{2}:\d{2})?)\.?/i;

/** Lifts words, code and tracking ID out of a message that is JSON, or JSON in JSON. Other text is returned as it is. */
export function readNestedMessage(message: string): NestedMessage {
  const found: { words: string[]; errorCode?: number; trackingId?: string } = { words: [] };
  const isNested = collect(message, found, 0);
  const words = [...new Set(found.words)].join('; ');
  const { errorCode, trackingId } = found;
  return {
    words: words || unescaped(message),
    ...(errorCode !== undefined && { errorCode }),
    ...(trackingId !== undefined && { trackingId }),
    isNested,
  };
}

type Found = { words: string[]; errorCode?: number; trackingId?: string };

/** True when the text was JSON. */
function collect(text: string, found: Found, level: number): boolean {
  const json = level < maxLevels ? parseObject(text) : undefined;
  if (json === undefined) {
    const [sentence, trackingId] = trackingIdInText.exec(text) ?? [];
    if (trackingId !== undefined) found.trackingId ??= trackingId;
    const words = unescaped(sentence === undefined ? text : text.replace(sentence, '')).trim();
    if (words !== '') found.words.push(words);
    return false;
  }
  for (const [name, value] of Object.entries(json)) {
    if (/^errorcode$/i.test(name) && typeof value === 'number') found.errorCode ??= value;
    else if (/^trackingid$/i.test(name) && typeof value === 'string') found.trackingId ??= value;
    else if (/message$|^error(_description)?$|^detail$/i.test(name)) collect(textOf(value), found, level + 1);
  }
  return true;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : value === null || value === undefined ? '' : JSON.stringify(value);
}

/** Undefined for anything but an object, a JSON string around one included. */
function parseObject(text: string): object | undefined {
  if (!/^\s*["{]/.test(text)) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'string') return parseObject(value);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** What is left of JSON that was cut off is at least readable. */
function unescaped(text: string): string {
  return text.replace(/\\+(["/])/g, '$1');
}
