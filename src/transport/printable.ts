/** What came from the network goes into logs and pages: its length is bounded. */
const keptCharacters = 400;

/** Text of the other side, without control characters, and without the signature of a token that it may have sent back to us. */
export function printable(text: string): string {
  return (
    text
      .slice(0, 2 * keptCharacters)
      // biome-ignore lint/suspicious/noControlCharactersInRegex: taking them out is the point
      .replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ')
      .replace(/\bsig=[^&\s"]+/gi, 'sig=(removed)')
      .slice(0, keptCharacters)
      .toWellFormed()
  );
}
