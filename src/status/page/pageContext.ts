import type { ProbeReport } from '../report/statusReport.ts';

/** What a page was asked for and what its reader may do: what its links and forms carry on. */
export interface PageContext {
  /**
   * `public`: an anonymous page, which shows no single runs. `read`: opened with a key, hence with runs and transcripts. `run`: that key
   * is in the address, so that a form can send it and start a run.
   */
  readonly access: 'public' | 'read' | 'run';
  /** The function key that the reader came with: a link without it would get 401. */
  readonly code?: string | undefined;
  /** Only this probe, in detail. */
  readonly probe?: string | undefined;
  /** Only this run. */
  readonly run?: string | undefined;
  readonly tag?: string | undefined;
  readonly location?: string | undefined;
  /** Leads from the page's address to `/api/`, e.g. `../../`; default: the page is that of `/api/status`. */
  readonly root?: string | undefined;
  /** `off`, or the seconds after which the overview reloads itself. */
  readonly refresh?: 'off' | number | undefined;
}

export const publicPage: PageContext = { access: 'public' };

/** `isAnonymous`: the page needs no key, so that a `code` in its address proves nothing. */
export function pageContextOf(
  parameters: Omit<PageContext, 'access' | 'code'>,
  code: string | undefined,
  isAnonymous: boolean,
): PageContext {
  return { ...parameters, code, access: isAnonymous ? 'public' : code === undefined ? 'read' : 'run' };
}

/** A link to the overview with the filters of this page, or to the overview with changes; relative, so that it holds behind any host and prefix. */
export function pageLink(context: PageContext, changes: Omit<Partial<PageContext>, 'access' | 'root'> = {}): string {
  const { root, code, tag, location, refresh } = context;
  return withQuery(root === undefined ? '' : `${root}status`, { code, tag, location, refresh, ...changes });
}

/** A link to one probe's page; the location is named where the report is about several. */
export function probeLink(context: PageContext, { name, location }: ProbeReport): string {
  return pageLink(context, { probe: name, location });
}

/** A link to the page of one run; undefined where the reader may not see it. */
export function runLink(context: PageContext, { name, location }: ProbeReport, run: string | undefined) {
  if (context.access === 'public' || run === undefined) return undefined;
  return pageLink(context, { probe: name, location, run });
}

/** A link to a neighbouring route under `/api`. */
export function apiLink(
  route: string,
  { root = '', code }: PageContext,
  parameters: Readonly<Record<string, string>> = {},
): string {
  return withQuery(`${root}${route}`, { ...parameters, code });
}

function withQuery(route: string, parameters: Readonly<Record<string, string | number | undefined>>): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) if (value !== undefined) search.set(name, String(value));
  return `${route}?${search}`;
}
