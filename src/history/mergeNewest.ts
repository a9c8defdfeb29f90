/** Rows in their order, a page at a time, read from the store when asked. */
export type Pages<Row> = AsyncIterator<readonly Row[]>;

/**
 * Merges sorted sources into one sorted list of at most `limit` rows. Reads the first page of all sources at once, and a further
 * one only of a source whose rows have all been taken: the time does not depend on how much lies behind.
 */
export async function mergeNewest<Row>(
  sources: readonly Pages<Row>[],
  limit: number,
  compare: (one: Row, other: Row) => number,
): Promise<Row[]> {
  const queues = await Promise.all(sources.map(async (pages) => ({ pages, rows: await nextRows(pages) })));
  const taken: Row[] = [];
  while (taken.length < limit) {
    let first: { readonly queue: (typeof queues)[number]; readonly row: Row } | undefined;
    for (const queue of queues) {
      const row = queue.rows[0];
      if (row !== undefined && (first === undefined || compare(row, first.row) < 0)) first = { queue, row };
    }
    if (first === undefined) break;
    taken.push(first.row);
    first.queue.rows.shift();
    if (first.queue.rows.length === 0) first.queue.rows = await nextRows(first.queue.pages);
  }
  return taken;
}

/** Empty: nothing more. A page may be empty before the last one, when a filter passes none of the rows that the server has looked at. */
async function nextRows<Row>(pages: Pages<Row>): Promise<Row[]> {
  for (;;) {
    const { value, done } = await pages.next();
    if (done) return [];
    if (value.length > 0) return [...value];
  }
}
