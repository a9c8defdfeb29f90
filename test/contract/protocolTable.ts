import type { DocumentRow } from './documentRows.ts';

/** The README's table: each sentence, what shows that the client obeys it and that the service means it. */
export function protocolTable(rows: readonly DocumentRow[]): string {
  const lines = rows.map(({ id, meaning, client, service, appliesTo, alsoIn }) => {
    const onService = service ? (appliesTo === 'standIn' ? 'stand-in' : 'stand-in, real DPS') : '';
    return `| ${id} | ${meaning} | ${client ? 'yes' : ''} | ${onService} | ${alsoIn ?? ''} |`;
  });
  return [
    '| | the document says | seen in the client | asked of the service | also shown in |',
    '|---|---|---|---|---|',
    ...lines,
  ].join('\n');
}
