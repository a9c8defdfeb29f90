import type { ProbeReport } from '../report/statusReport.ts';

/** The page's query and what its reader may do; links and forms pass it on. */
export interface PageContext {
  /**
   * `public`: an anonymous page, without single runs. `read`: opened with a key, with runs and transcripts. `run`: the key is in the URL,
   * so that a form can send it to start a run.
   */
  readonly access: 'public' | 'read' | 'run';
  /** The function key in the page's URL; links need it, too. */
  readonly code?: string | undefined;
  /** Only this probe, in detail. */
  readonly probe?: string | undefined;
  /** Only this run. */
  readonly run?: string | undefined;
  readonly tag?: string | undefined;
  readonly location?: string | undefined;
  /** Relative path from the page's URL to `/api/`, e.g. `../../`. Default: the page is `/api/status`. */
  readonly root?: string | undefined;
  /** `off`, or the seconds after which the overview reloads itself. */
  readonly refresh?: 'off' | number | undefined;
}

export const publicPage: PageContext = { access: 'public' };

/** `isAnonymous`: the page needs no key, so a `code` in its URL grants nothing. */
export function pageContextOf(
  parameters: Omit<PageContext, 'access' | 'code'>,
  code: string | undefined,
  isAnonymous: boolean,
): PageContext {
  return { ...parameters, code, access: isAnonymous ? 'public' : code === undefined ? 'read' : 'run' };
}

/** A link to the overview with this page's filters and `changes`. It is relative, so it works behind any host and prefix. */
export function pageLink(context: PageContext, changes: Omit<Partial<PageContext>, 'access' | 'root'> = {}): string {
  const { root, code, tag, location, refresh } = context;
  return withQuery(root === undefined ? '' : `${root}status`, { code, tag, location, refresh, ...changes });
}

/** A link to the overview of all locations: in the URL of a probe or a run, the location is not a filter of the overview. */
export function overviewLink(context: PageContext): string {
  return pageLink(context, { location: undefined });
}

/** A link to one probe's page at its location. */
export function probeLink(context: PageContext, { name, location }: ProbeReport): string {
  return pageLink(context, { probe: name, location });
}

/** A link to the page of one run; undefined when the reader may not see it. */
export function runLink(context: PageContext, { name, location }: ProbeReport, run: string | undefined) {
  if (context.access === 'public' || run === undefined) return undefined;
  return pageLink(context, { probe: name, location, run });
}

/** A link to another route under `/api`. */
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
