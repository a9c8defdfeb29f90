/** Sorted rows, one page at a time, read on demand. */
export type Pages<Row> = AsyncIterator<readonly Row[]>;

/**
 * Merges sorted sources into one sorted list of at most `limit` rows. Reads the first page of each source, and another page only of a
 * source that is used up, so the time does not depend on the size of the history.
 */
export async function mergeNewest<Row>(
  sources: readonly Pages<Row>[],
  limit: number,
  compare: (one: Row, other: Row) => number,
): Promise<Row[]> {
  const queues = await Promise.all(sources.map(async (pages) => ({ pages, rows: await nextRows(pages) })));
  const merged: Row[] = [];
  while (merged.length < limit) {
    let first: { readonly queue: (typeof queues)[number]; readonly row: Row } | undefined;
    for (const queue of queues) {
      const row = queue.rows[0];
      if (row !== undefined && (first === undefined || compare(row, first.row) < 0)) first = { queue, row };
    }
    if (first === undefined) break;
    merged.push(first.row);
    first.queue.rows.shift();
    if (first.queue.rows.length === 0) first.queue.rows = await nextRows(first.queue.pages);
  }
  return merged;
}

/** Empty at the end of the source. Skips empty pages, which occur when a filter matches no row of a page. */
async function nextRows<Row>(pages: Pages<Row>): Promise<Row[]> {
  for (;;) {
    const { value, done } = await pages.next();
    if (done) return [];
    if (value.length > 0) return [...value];
  }
}
