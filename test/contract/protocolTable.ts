import type { DocumentRow } from './documentRow.ts';

/**
 * The rows as Markdown: what the document says, what shows that our client keeps to it, and what the service is seen to do.
 * @param quoted with the document's own words, as in docs/protocol.md; without them, as in the README
 */
export function protocolTable(rows: readonly DocumentRow[], { quoted }: { readonly quoted: boolean }): string {
  const lines = rows.map(({ id, italian, meaning, client, service, alsoIn }) => {
    const says = quoted ? `${meaning}<br>*${italian}*` : meaning;
    const asked = service.appliesTo === 'any' ? service.does : `${service.does} (stand-in only)`;
    const tests = ['documentRows', ...(alsoIn ? [alsoIn.replace(/^test\//, '')] : [])].join('; ');
    return row([id, says, client?.does ?? '', asked, tests]);
  });
  const head = row(['', 'the document says', 'our client', 'the service', 'test']);
  return [head, '|---|---|---|---|---|', ...lines].join('\n');
}

function row(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}
