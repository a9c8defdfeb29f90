/** A string property of a table row holds 32 Ki characters (64 KiB of UTF-16), and a row 1 MiB: longer text needs several properties. */
const maxCharacters = 32_000;
const maxChunks = 8;

/** Names of the properties, as for a `select`. */
export function chunkColumns(name: string): string[] {
  return Array.from({ length: maxChunks }, (_, part) => `${name}${part}`);
}

/** Properties to spread into a row; none for undefined. */
export function toChunks(name: string, text: string | undefined): Record<string, string> {
  const properties: Record<string, string> = {};
  let rest = text ?? '';
  for (const column of chunkColumns(name)) {
    if (rest === '') return properties;
    const part = rest.slice(0, endsInsidePair(rest) ? maxCharacters - 1 : maxCharacters);
    properties[column] = part;
    rest = rest.slice(part.length);
  }
  if (rest !== '') throw new Error(`${name} is longer than ${maxChunks} properties of a row`);
  return properties;
}

/** Undefined when the row has none of the properties. */
export function fromChunks(name: string, row: Readonly<Record<string, unknown>>): string | undefined {
  const parts = chunkColumns(name).flatMap((column) => (typeof row[column] === 'string' ? [row[column]] : []));
  return parts.length === 0 ? undefined : parts.join('');
}

/** A lone surrogate cannot be sent. */
function endsInsidePair(text: string): boolean {
  return text.length > maxCharacters && /[\ud800-\udbff]/.test(text.charAt(maxCharacters - 1));
}
