/** What the app depends on, how a dependency can fail, and the table of docs/what-it-survives.md that shows the result. */
export const misbehaviours = {
  silent: 'accepts and never responds',
  forbidden: '403 without a body',
  notFound: '404',
  throttledSeconds: '429, retry-after in seconds',
  throttledDate: '429, retry-after as a date',
  unavailable: '503',
  html: '200 with HTML',
  slow: 'responds a byte at a time',
  reset: 'resets the connection',
} as const;

export type Misbehaviour = keyof typeof misbehaviours;

export const dependencies = {
  vault: 'Key Vault',
  identity: 'Managed identity endpoint',
  storage: 'Table storage (history and leases)',
  queue: 'Queue storage (simulations)',
  ingestion: 'Application Insights',
  collector: 'OpenTelemetry collector',
} as const;

export type Dependency = keyof typeof dependencies;

const names = Object.keys(dependencies) as Dependency[];

/** Not available at the same time, in the same way. */
export const together: readonly (readonly [how: Misbehaviour, ...away: Dependency[]])[] = [
  ['reset', 'storage', 'collector'],
  ['unavailable', 'storage', 'ingestion', 'collector'],
  ['silent', 'vault', 'storage'],
  ['silent', 'storage', 'queue'],
  ['html', 'vault', 'storage', 'queue'],
  ['silent', ...names.filter((name) => name !== 'collector')],
  ['unavailable', ...names],
  ['reset', ...names],
];

/** What an app does and reports while a dependency is not available. */
export interface Observed {
  /** Verdict and reason code of each run. */
  readonly runs: readonly string[];
  /** The sinks whose errors the log shows. */
  readonly sinks: readonly string[];
  readonly health: readonly string[];
  readonly page: readonly string[];
  readonly simulation: string;
}

export interface Row {
  readonly section: string;
  readonly name: string;
  readonly observed: Observed;
}

export const heading = '## Dependencies that are not available';

/** Rows of a section with the same cells are merged. */
export function renderDependencies(rows: readonly Row[]): string {
  const inOrder = rows.toSorted((one, other) => Number(isLater(one)) - Number(isLater(other)));
  const sections = [...Map.groupBy(inOrder, ({ section }) => section)].flatMap(([section, ofSection]) => [
    `### ${section}`,
    '',
    '| | run | error in the log of | `/api/health` | status page | `POST /api/simulations` |',
    '|---|---|---|---|---|---|',
    ...[...Map.groupBy(ofSection, ({ observed }) => renderCells(observed))].map(
      ([cells, alike]) => `| ${alike.map(({ name }) => name).join('; ')} | ${cells} |`,
    ),
    '',
  ]);
  return [
    heading,
    '',
    `${rows.length} cells: the result of a scheduled run while a dependency is not available, and what the app reports. The log and every other available`,
    'sink have the outcome. A run without storage has no lease, which its `notes` report. The same command writes these tables.',
    '',
    ...sections,
  ].join('\n');
}

/** Cells in which a dependency is lost and restored follow those in which it is missing from the start. */
export function isLater({ section }: Pick<Row, 'section'>): boolean {
  return section.includes('there again');
}

function renderCells({ runs, sinks, health, page, simulation }: Observed): string {
  return [
    runs.map((run) => `\`${run}\``).join(', then '),
    sinks.join(', ') || 'none',
    health.join('<br>') || 'healthy',
    page.join('<br>'),
    simulation,
  ].join(' | ');
}
