import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import pLimit from 'p-limit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { reasonCode } from '../../src/outcomes/reasonCode.ts';
import { type AppBehindFronts, type Apps, startApps } from './appBehindFronts.ts';
import {
  type Dependency,
  dependencies,
  heading,
  isLater,
  type Misbehaviour,
  misbehaviours,
  type Observed,
  type Row,
  renderDependencies,
  together,
} from './dependencies.ts';

const document = fileURLToPath(new URL('../../docs/what-it-survives.md', import.meta.url));
const names = Object.keys(dependencies) as Dependency[];
const ways = Object.keys(misbehaviours) as Misbehaviour[];

interface Cell {
  readonly section: string;
  readonly name: string;
  readonly away: readonly Dependency[];
  readonly how: Misbehaviour;
  readonly observe: () => Promise<Observed>;
}

/** Most of what happens here is waiting. More at once would starve the runs of a busy machine. */
const limit = pLimit(10);

let apps: Apps;
const observed = new Map<Cell, Promise<Observed>>();
beforeAll(async () => {
  apps = await startApps();
  // The process has one OpenTelemetry exporter and one collector: cells with the same misbehaviour run together, the groups one by one.
  let collected: Promise<unknown> = Promise.resolve();
  const [own = [], shared = []] = [false, true].map((isShared) =>
    cells.filter(({ away }) => away.includes('collector') === isShared),
  );
  for (const group of Map.groupBy(shared, ({ section, how }) => (isLater({ section }) ? section : how)).values()) {
    const before = collected;
    collected = Promise.allSettled(group.map((cell) => start(cell, before)));
  }
  // Those that wait longest, first.
  const waits = ({ how }: Cell) => Number(how === 'silent' || how === 'slow');
  for (const cell of own.toSorted((one, other) => waits(other) - waits(one))) start(cell);
});
afterAll(() => apps?.close());

function start(cell: Cell, after: Promise<unknown> = Promise.resolve()): Promise<Observed> {
  const observation = after.then(() => limit(cell.observe));
  observation.catch(() => undefined);
  observed.set(cell, observation);
  return observation;
}

let count = 0;

/** The vault has as long as the probe: if it does not respond in this cell, a short timeout is enough. */
function createApp(away: readonly Dependency[], how: Misbehaviour): Promise<AppBehindFronts> {
  const waits = (how === 'silent' || how === 'slow') && away.some((name) => name === 'vault' || name === 'identity');
  count += 1;
  return apps.create({
    registrationId: `matrix-${count}`,
    timeoutSeconds: waits ? 2 : 20,
    isCollected: away.includes('collector'),
  });
}

function setAway({ fronts }: AppBehindFronts, away: readonly Dependency[], how: Misbehaviour | undefined): void {
  for (const name of away) fronts[name].away = how;
}

async function readReports(app: AppBehindFronts): Promise<Pick<Observed, 'health' | 'page' | 'simulation'>> {
  const [health, page, simulation] = await Promise.all([app.health(), app.page(), app.simulate()]);
  return { health, page, simulation };
}

async function runOf(app: AppBehindFronts) {
  const { outcome, sinkErrors } = await app.run();
  return { run: `${outcome.verdict}: ${reasonCode(outcome)}`, sinkErrors };
}

async function atStart(away: readonly Dependency[], how: Misbehaviour): Promise<Observed> {
  const app = await createApp(away, how);
  setAway(app, away, how);
  const { run, sinkErrors } = await runOf(app);
  return { runs: [run], sinks: sinkErrors, ...(await readReports(app)) };
}

/** Available for the first and the third run, but not for the second, during which health and page are read. */
async function betweenRuns(away: Dependency): Promise<Observed> {
  const app = await createApp([away], 'reset');
  setAway(app, [away], undefined);
  const before = await runOf(app);
  setAway(app, [away], 'reset');
  const meanwhile = await runOf(app);
  const reports = await readReports(app);
  setAway(app, [away], undefined);
  const after = await runOf(app);
  expect(before.sinkErrors).toEqual([]);
  expect(after.sinkErrors).toEqual([]);
  return { runs: [before.run, meanwhile.run, after.run], sinks: meanwhile.sinkErrors, ...reports };
}

/** Not available from the middle of the first run on, and available again for the second, after which health and page are read. */
async function duringRun(away: Dependency): Promise<Observed> {
  // A lease that could not be released lasts for the timeout and ten seconds more.
  const app = await apps.create({
    registrationId: `matrix-middle-${away}`,
    timeoutSeconds: 5,
    isCollected: away === 'collector',
  });
  setAway(app, [away], undefined);
  app.inTheMiddle(() => setAway(app, [away], 'reset'));
  const first = await runOf(app);
  setAway(app, [away], undefined);
  const second = await runOf(app);
  expect(second.sinkErrors).toEqual([]);
  return { runs: [first.run, second.run], sinks: first.sinkErrors, ...(await readReports(app)) };
}

const cells: readonly Cell[] = [
  ...names.map(
    (name): Cell => ({
      section: 'Between two runs, and there again for the third',
      name,
      away: [name],
      how: 'reset',
      observe: () => betweenRuns(name),
    }),
  ),
  ...names.map(
    (name): Cell => ({
      section: 'In the middle of a run, and there again for the second',
      name,
      away: [name],
      how: 'reset',
      observe: () => duringRun(name),
    }),
  ),
  ...names.flatMap((name) =>
    ways.map((how): Cell => {
      const away = [name];
      return { section: dependencies[name], name: misbehaviours[how], away, how, observe: () => atStart(away, how) };
    }),
  ),
  ...together.map(([how, ...away]): Cell => {
    const all = away.length === names.length ? 'everything' : away.join(', ');
    return { section: 'Together', name: `${all}: ${misbehaviours[how]}`, away, how, observe: () => atStart(away, how) };
  }),
];

const checkOf: Readonly<Record<Dependency, string>> = {
  vault: 'keyVault',
  identity: 'keyVault',
  storage: 'storage',
  queue: 'queue',
  ingestion: 'sinks',
  collector: 'sinks',
};

describe('an app whose dependency is not available', () => {
  it.each(cells.filter((cell) => !isLater(cell)))(
    'records its outcome, and reports what is wrong: $section, $name',
    async (cell) => {
      const { runs, health, page } = await observationOf(cell);
      expect(runs).toHaveLength(1);
      // OpenTelemetry's exporter treats every 2xx as a success.
      if (cell.away.includes('collector') && cell.name === misbehaviours.html) return;
      // Health learns from the storage which outcomes a sink did not accept.
      const known = cell.away.filter((name) => !cell.away.includes('storage') || checkOf[name] !== 'sinks');
      expect([...new Set(health.map((check) => check.split(':')[0]))].sort()).toEqual(
        [...new Set(known.map((name) => checkOf[name]))].sort(),
      );
      if (!cell.away.every((name) => name === 'queue')) expect(page).not.toEqual(['Devices can provision']);
    },
    150_000,
  );

  it.each(cells.filter(isLater))(
    'continues when it is available again: $section, $name',
    async (cell) => {
      const { runs } = await observationOf(cell);
      expect(runs.length).toBeGreaterThan(1);
      expect(runs.at(-1)).toBe('healthy: assigned');
    },
    150_000,
  );

  it('is described in docs/what-it-survives.md', async () => {
    const rows = await Promise.all(
      cells.map(async (cell): Promise<Row> => ({ ...cell, observed: await observationOf(cell) })),
    );
    const [faults] = (await readFile(document, 'utf8')).split(heading);
    await expect(`${faults}${renderDependencies(rows)}`).toMatchFileSnapshot(document);
  }, 150_000);
});

function observationOf(cell: Cell): Promise<Observed> {
  const observation = observed.get(cell);
  if (!observation) throw new Error('observed before all tests');
  return observation;
}
