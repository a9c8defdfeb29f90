/** The service's own message, without the JSON around it. */
export interface NestedMessage {
  readonly words: string;
  readonly errorCode?: number;
  readonly trackingId?: string;
  /** True when the message was the JSON error of another service: DPS passes on responses of hubs and webhooks, sometimes nested twice. */
  readonly isNested: boolean;
}

const maxLevels = 4;
/** `Tracking ID:<32 hex>-G:10-TimeStamp:12/10/2020 06:42:31` is at the end of a sentence, or is a sentence of its own. */
const trackingIdInText = /\bTracking ID:\s*(\S+(?: \d{2}:\d{2}:\d{2})?)\.?/i;

/** Extracts text, code and tracking ID from a message that is JSON, or JSON in JSON. Returns other text unchanged. */
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
    const tracked = trackingIdInText.exec(text);
    if (tracked?.[1] !== undefined) found.trackingId ??= tracked[1];
    const words = unescaped(tracked === null ? text : without(tracked, text)).trim();
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

/** Undefined unless it is an object, or a JSON string that contains one. */
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

function without({ 0: sentence, index }: RegExpExecArray, text: string): string {
  return text.slice(0, index).trimEnd() + text.slice(index + sentence.length);
}

/** Makes truncated JSON readable. Looks behind, because it would otherwise read a long row of backslashes from each of them. */
function unescaped(text: string): string {
  return text.replace(/(?<!\\)\\+(["/])/g, '$1');
}
