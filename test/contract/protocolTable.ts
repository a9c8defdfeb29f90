import type { DocumentRow } from './documentRow.ts';

/** The rows as Markdown: the document's rule, how our client conforms to it, and what the service does. */
export function protocolTable(rows: readonly DocumentRow[]): string {
  const lines = rows.map(({ id, quote, meaning, client, service, alsoIn }) => {
    const seen = service.appliesTo === 'any' ? service.does : `${service.does} (stand-in only)`;
    const tests = ['documentRows', ...(alsoIn ? [alsoIn.replace(/^test\//, '')] : [])].join('; ');
    return row([id, `${meaning}<br>*${quote}*`, client?.does ?? '', seen, tests]);
  });
  const head = row(['', 'the document says', 'our client', 'the service', 'test']);
  return [head, '|---|---|---|---|---|', ...lines].join('\n');
}

function row(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}
