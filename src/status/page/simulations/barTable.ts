import { type Html, html } from '../html.ts';

export interface BarRow {
  readonly name: string;
  /** Class of the bar, which gives it its colour. */
  readonly colour: string;
  readonly value: number;
  readonly text: string;
}

export interface BarTableOptions {
  readonly caption: string;
  /** Headings of the columns: the row's name, its bar and its text. */
  readonly columns: readonly [row: string, bar: string, text: string];
}

const width = 1000;

/** Names, bars and figures. It is a table, for screen readers. */
export function barTable(rows: readonly BarRow[], { caption, columns }: BarTableOptions): Html {
  const most = Math.max(...rows.map(({ value }) => value), Number.MIN_VALUE);
  return html`<table class="waterfall">
<caption>${caption}</caption>
<thead class="unseen"><tr>${columns.map((column) => html`<th scope="col">${column}</th>`)}</tr></thead>
<tbody>${rows.map(
    ({ name, colour, value, text }) => html`<tr><th scope="row">${name}</th>
<td><svg viewBox="0 0 ${width} 10" preserveAspectRatio="none" aria-hidden="true"><path class="track" d="M0 4.5h${width}v1H0z"/><rect class="${colour}" x="0" y="0" width="${Math.max(4, (value / most) * width).toFixed(1)}" height="10"/></svg></td>
<td>${text}</td></tr>`,
  )}</tbody>
</table>`;
}
