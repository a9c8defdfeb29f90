/** How a page was opened, as far as its links have to go on with it. */
export interface PageQuery {
  /** The function key that the reader came with: a link without it would be answered with 401. */
  readonly code?: string | undefined;
  /** The overview reloads itself unless the reader has asked it not to. */
  readonly refresh?: 'off' | undefined;
}

/** A link to the overview, or to one probe's page; relative, so that it holds behind any host and prefix. */
export function pageLink(query: PageQuery, probe?: string): string {
  return withQuery('', { probe, ...query });
}

/** A link to a neighbouring route under `/api`. */
export function apiLink(route: string, query: PageQuery, parameters: Readonly<Record<string, string>> = {}): string {
  return withQuery(route, { ...parameters, code: query.code });
}

function withQuery(route: string, parameters: Readonly<Record<string, string | undefined>>): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) if (value !== undefined) search.set(name, value);
  return `${route}?${search}`;
}
