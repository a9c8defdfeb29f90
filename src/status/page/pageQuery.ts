/** What a page was asked for, and what its links carry on. */
export interface PageQuery {
  /** The function key that the reader came with: a link without it would be answered with 401. */
  readonly code?: string | undefined;
  /** Only this probe, in detail. */
  readonly probe?: string | undefined;
  /** `off`: the page does not reload itself. */
  readonly refresh?: 'off' | undefined;
}

export function parsePageQuery(query: URLSearchParams): PageQuery {
  const text = (name: string) => query.get(name) || undefined;
  return { code: text('code'), probe: text('probe'), refresh: query.get('refresh') === 'off' ? 'off' : undefined };
}

/** A link to the overview, or to one probe's page; relative, so that it holds behind any host and prefix. */
export function pageLink(query: PageQuery, changes: Partial<PageQuery> = {}): string {
  return withQuery('', { ...query, probe: undefined, ...changes });
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
