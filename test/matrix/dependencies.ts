/** The result of a run while a dependency is not available, by the kind of misbehaviour: verdict, reason code, and the sink that reports it. */
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
  identity: 'managed identity endpoint',
  storage: 'history and leases',
  ingestion: 'Application Insights',
  collector: 'OpenTelemetry collector',
} as const;

export type Dependency = keyof typeof dependencies;

const runs = 'healthy: assigned';
const notRun = (cause: string) => `unknown: notRun:${cause}@keyVault`;

/** Every outcome is recorded, at least in the log if the history is not available. */
export const survives: Readonly<Record<Dependency, Readonly<Record<Misbehaviour, string>>>> = {
  vault: {
    silent: notRun('timedOut'),
    // Without Key Vault's own body, the response is from a proxy.
    forbidden: notRun('unreachable'),
    notFound: notRun('unreachable'),
    throttledSeconds: notRun('unreachable'),
    throttledDate: notRun('unreachable'),
    unavailable: notRun('unreachable'),
    html: notRun('unreachable'),
    slow: notRun('timedOut'),
    reset: notRun('unreachable'),
  },
  identity: {
    silent: notRun('timedOut'),
    forbidden: notRun('unauthenticated'),
    notFound: notRun('unauthenticated'),
    throttledSeconds: notRun('unauthenticated'),
    throttledDate: notRun('unauthenticated'),
    unavailable: notRun('unauthenticated'),
    html: notRun('unauthenticated'),
    slow: notRun('timedOut'),
    reset: notRun('unauthenticated'),
  },
  storage: everywhere(`${runs}; history`),
  ingestion: everywhere(`${runs}; availability`),
  // OpenTelemetry's exporter treats every 2xx as success.
  collector: { ...everywhere(`${runs}; openTelemetry`), html: runs },
};

function everywhere(outcome: string): Readonly<Record<Misbehaviour, string>> {
  return Object.fromEntries(Object.keys(misbehaviours).map((name) => [name, outcome])) as Record<Misbehaviour, string>;
}

/** For docs/what-it-survives.md. */
export function renderDependencies(): string {
  const head = Object.values(dependencies);
  return [
    '',
    '## Dependencies that are not available',
    '',
    'The verdict and reason code of a run while a dependency is not available, and after the semicolon the sink whose error is logged. Every',
    'outcome is recorded by the other sinks. A run without storage has no lease, which its `notes` report.',
    '',
    `| | ${head.join(' | ')} |`,
    `|---|${head.map(() => '---').join('|')}|`,
    ...Object.entries(misbehaviours).map(([name, words]) => {
      const cells = Object.keys(dependencies).map((of) => survives[of as Dependency][name as Misbehaviour]);
      return `| ${words} | ${cells.join(' | ')} |`;
    }),
    '',
  ].join('\n');
}
