/** The first line of a library's or a service's message, without anything that could be a token or a key: parsers quote what they read. */
export function firstLine(text: string): string {
  return text
    .split(/\r?\n/, 1)
    .join('')
    .replace(/[\w+/=.-]{40,}/g, '…')
    .slice(0, 300);
}
