/** A string property of a table row holds 32 Ki characters (64 KiB of UTF-16), and a row 1 MiB: longer text takes several properties. */
const mostCharacters = 32_000;
const mostParts = 8;

/** Names of the properties, as for a `select`. */
export function longTextColumns(name: string): string[] {
  return Array.from({ length: mostParts }, (_, part) => `${name}${part}`);
}

/** Properties to be spread into a row; nothing for undefined. */
export function longTextProperties(name: string, text: string | undefined): Record<string, string> {
  const properties: Record<string, string> = {};
  let rest = text ?? '';
  for (const column of longTextColumns(name)) {
    if (rest === '') return properties;
    const part = rest.slice(0, endsInsidePair(rest) ? mostCharacters - 1 : mostCharacters);
    properties[column] = part;
    rest = rest.slice(part.length);
  }
  if (rest !== '') throw new Error(`${name} is longer than ${mostParts} properties of a row`);
  return properties;
}

/** Undefined where the row has none of the properties. */
export function longTextOf(name: string, row: Readonly<Record<string, unknown>>): string | undefined {
  const parts = longTextColumns(name).flatMap((column) => (typeof row[column] === 'string' ? [row[column]] : []));
  return parts.length === 0 ? undefined : parts.join('');
}

/** Half a character cannot be sent. */
function endsInsidePair(text: string): boolean {
  return text.length > mostCharacters && /[\ud800-\udbff]/.test(text.charAt(mostCharacters - 1));
}
