import { TableClient } from '@azure/data-tables';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { OutcomePage, OutcomeQuery } from '../../src/history/listOutcomes.ts';
import { parsePosition } from '../../src/history/outcomeKeys.ts';
import type { Outcome, Verdict } from '../../src/outcomes/outcome.ts';
import { newRunId } from '../../src/outcomes/runId.ts';
import { buildOutcome } from '../support/buildOutcome.ts';
import { closedStorage, historyAt, useAzurite } from '../support/useHistory.ts';

const azurite = useAzurite();
const open = () => historyAt(azurite.connectionString());
const start = Date.parse('2026-11-24T00:00:00.000Z');
const at = (minutes: number) => new Date(start + minutes * 60_000).toISOString();
const runIds = (page: OutcomePage) => page.outcomes.map(({ runId }) => runId);

function table(): TableClient {
  return TableClient.fromConnectionString(azurite.connectionString(), 'outcomes', { allowInsecureConnection: true });
}

async function rowsOf(probe: string) {
  const rows: Record<string, unknown>[] = [];
  for await (const row of table().listEntities({ queryOptions: { filter: `PartitionKey eq '${probe}@westeurope'` } })) {
    rows.push(row);
  }
  return rows;
}

async function seed(history = open(), outcomes: readonly Partial<Outcome>[] = []) {
  await Promise.all(outcomes.map((outcome) => history.append(buildOutcome(outcome))));
  return history;
}

describe('the history', () => {
  it('returns the complete outcome that was written', async () => {
    const outcome = buildOutcome({ probe: 'whole' });
    const history = await seed(open(), [outcome]);
    expect(await history.latest('whole')).toEqual(outcome);
  });

  it('finds a run by its id: by the start that is in it, or by looking through the probe’s runs', async () => {
    const startedAt = at(5);
    const runId = newRunId(Date.parse(startedAt));
    const history = await seed(open(), [
      { probe: 'found', runId, startedAt },
      { probe: 'found', runId: "named by 'another' program", startedAt: at(6) },
      { probe: 'other', runId: newRunId(Date.parse(startedAt)), startedAt },
    ]);
    expect((await history.find('found', runId))?.startedAt).toBe(startedAt);
    expect((await history.find('found', "named by 'another' program"))?.startedAt).toBe(at(6));
    expect(await history.find('found', newRunId(Date.parse(startedAt)))).toBeUndefined();
    expect(await history.find('other', runId)).toBeUndefined();
    expect(await history.at('elsewhere').find('found', runId)).toBeUndefined();
  });

  it('has no latest outcome of a probe that never ran', async () => {
    expect(await open().latest('never-ran')).toBeUndefined();
  });

  it('stores one row for a run that is written twice, and again by another instance', async () => {
    const outcome = buildOutcome({ probe: 'twice' });
    const history = await seed(open(), [outcome]);
    await history.append(outcome);
    await historyAt(azurite.connectionString()).append(outcome);
    expect(await rowsOf('twice')).toHaveLength(1);
  });

  it('finds the latest outcome, regardless of the order of arrival', async () => {
    const history = await seed(
      open(),
      [3, 9, 1, 7].map((minute) => ({ probe: 'order', runId: `run-${minute}`, startedAt: at(minute) })),
    );
    expect((await history.latest('order'))?.runId).toBe('run-9');
  });

  it('offers columns to query by', async () => {
    const result = { kind: 'rejected', phase: 'register', status: 401, errorCode: 401_002 } as const;
    await seed(open(), [{ probe: 'columns', verdict: 'failing', reasons: ['refused'], result, durationMs: 12 }]);
    expect((await rowsOf('columns'))[0]).toMatchObject({
      verdict: 'failing',
      resultKind: 'rejected',
      phase: 'register',
      errorCode: 401_002,
      durationMs: 12,
      location: 'westeurope',
      trigger: 'timer',
      reason: 'refused',
      startedAt: '2026-11-24T14:25:00.000Z',
    });
  });

  it('stores an outcome that is longer than a column, with any characters', async () => {
    const outcome = buildOutcome({
      probe: 'long',
      verdict: 'failing',
      reasons: [`x${'💥'.repeat(60_000)}`, 'é'.repeat(40_000)],
    });
    const history = await seed(open(), [outcome]);
    expect(await history.latest('long')).toEqual(outcome);
    expect((await rowsOf('long'))[0]).not.toHaveProperty('trimmed');
  });

  it('notes in the transcript and in the row that a transcript was longer than a row', async () => {
    const transcript = Array.from({ length: 8_000 }, (_, number) => ({
      atMs: number,
      direction: 'received' as const,
      what: 'PUBLISH',
      topic: `$dps/registrations/res/202/?$rid=${number}&retry-after=1`,
    }));
    const history = await seed(open(), [{ probe: 'too-long', verdict: 'failing', transcript }]);
    const stored = (await history.latest('too-long'))?.transcript ?? [];
    const note = stored.find(({ what }) => what === 'trimmed');
    expect(stored.length).toBeGreaterThan(1_000);
    expect(stored[0]).toEqual(transcript[0]);
    expect(stored.at(-1)).toEqual(transcript.at(-1));
    expect(note?.detail).toMatch(
      new RegExp(`^${8_000 - (stored.length - 1)} of 8000 transcript entries were left out`),
    );
    expect((await rowsOf('too-long'))[0]?.trimmed).toBe(note?.detail);
  });

  it.each<[string, Partial<Outcome>]>([
    ['a reason of 400,000 characters', { reasons: ['x'.repeat(400_000)] }],
    ['quotes and control characters, which grow twice on their way', { reasons: ['"\u0001\\'.repeat(200_000)] }],
    ['half a character', { reasons: [`${'\ud800'.repeat(300_000)}`], registrationId: 'a\udfff' }],
    [
      'a certificate subject of 40,000 quotes and a long operationId',
      {
        result: {
          kind: 'assigned',
          operationId: 'o'.repeat(500_000),
          assignedHub: 'hub',
          deviceId: 'd',
          polls: 1,
        } as never,
        server: { subject: '"'.repeat(40_000), chain: Array.from({ length: 5_000 }, () => 'CN=one') } as never,
      },
    ],
    [
      'any number of parts',
      {
        result: {
          kind: 'rejected',
          phase: 'register',
          status: 400,
          more: Array.from({ length: 60_000 }, (_, n) => [`p${n}`]),
        } as never,
        notes: ['kept'],
      },
    ],
  ])('shortens an outcome with %s, notes it, and finds it in every index (fault 50)', async (name, over) => {
    const probe = `huge-${name.replace(/\W+/g, '-').toLowerCase()}`.slice(0, 40);
    const outcome = buildOutcome({
      probe,
      verdict: 'failing',
      events: [{ kind: 'deviceId', from: 'a', to: 'b' }],
      ...over,
    });
    const history = await seed(open(), [outcome]);
    for (const index of ['all', 'unhealthy', 'drift'] as const) {
      const [stored] = await history.newest(probe, index, 1);
      expect(stored).toMatchObject({ probe, runId: outcome.runId, verdict: 'failing', durationMs: outcome.durationMs });
      expect(stored?.notes?.at(-1)).toContain('a row of the history holds');
    }
    expect((await rowsOf(probe))[0]?.trimmed).toContain('a row of the history holds');
    expect(await history.summaries(probe, {})).toHaveLength(1);
  });

  describe('leaves out and names a row', () => {
    const outcome = buildOutcome();
    const json = (change: object) => ({ outcome0: JSON.stringify({ ...outcome, probe: 'mixed', ...change }) });
    const rows: readonly (readonly [string, object])[] = [
      ['of another program', { colour: 'blue' }],
      ['with text that is not JSON', { outcome0: '{' }],
      ['with an array', { outcome0: '[]' }],
      ['with a verdict of another version', json({ verdict: 'paused' })],
      ['with a result of another version', json({ result: { kind: 'teleported' } })],
      ['with a result that is the name of a method', json({ result: { kind: 'toString' } })],
      ['with phases that are not times', json({ phases: { tls: 'long' } })],
      ['with notes that are not text', json({ notes: [{ text: 'note' }] })],
      ['without a location', json({ location: undefined })],
      ['with a time that is not valid', json({ startedAt: 'yesterday' })],
    ];

    it.each(rows)('%s', async (name, columns) => {
      const probe = `mixed-${rows.findIndex(([other]) => other === name)}`;
      const history = await seed(open(), [
        { probe, runId: 'first', startedAt: at(1) },
        { probe, runId: 'second', startedAt: at(3), verdict: 'failing' },
      ]);
      // Newer than all readable rows, and more of them than a page has.
      await table().submitTransaction(
        ['all-8000000000001-row', 'all-8000000000002-row', 'unhealthy-8000000000001-row'].map((rowKey) => [
          'create',
          { partitionKey: `${probe}@westeurope`, rowKey, verdict: 'failing', ...columns },
        ]),
      );
      expect((await history.latest(probe))?.runId).toBe('second');
      expect((await history.newest(probe, 'unhealthy', 2)).map(({ runId }) => runId)).toEqual(['second']);
      expect((await history.latestUp(probe))?.runId).toBe('first');
      expect((await history.summaries(probe, {})).map(({ runId }) => runId)).toEqual(['second', 'first']);
      expect(runIds(await history.list({ probes: [probe], limit: 2 }))).toEqual(['second', 'first']);
      expect(runIds(await history.list({ probes: [probe], limit: 2, verdict: 'failing' }))).toEqual(['second']);
      expect((await history.runTotals(probe)).failing).toBe(1);
      expect(history.unreadable()).toContain(
        `row all-8000000000001-row of partition ${probe}@westeurope of the table outcomes`,
      );
    });

    it('of the roll-ups, the heartbeats and the locations', async () => {
      const history = await seed(open(), [{ probe: 'rolled', startedAt: at(1) }]);
      const to = (name: string) =>
        TableClient.fromConnectionString(azurite.connectionString(), name, { allowInsecureConnection: true });
      await history.completeHeartbeat('probes', { scheduledAt: new Date(start), instance: 'one' });
      await history.rollUp(new Date(start + 2 * 3_600_000), {
        probes: [{ name: 'rolled' }],
        dueTimes: () => [],
        retentionDays: 90,
      });
      const rowKey = 'hour-8000000000001';
      await to('outcomeRollups').createEntity({ partitionKey: 'rolled@westeurope', rowKey, start: 'x' });
      const foreign = { scheduledAt: 'never', sinkErrors: '{' };
      await to('heartbeats').createEntity({ partitionKey: 'probes@westeurope', rowKey: '8000000000001', ...foreign });
      await to('locations').createEntity({ partitionKey: 'location', rowKey: 'x', colour: 'blue' });
      expect(await history.rollups('rolled', 'hour', { fromMs: 0, toMs: Date.now() * 2 })).toHaveLength(1);
      expect((await history.heartbeats('probes', {})).map(({ scheduledMs }) => scheduledMs)).toEqual([start]);
      expect(await history.locations()).toEqual(['westeurope']);
      expect(history.unreadable()).toEqual([
        `row ${rowKey} of partition rolled@westeurope of the table outcomeRollups`,
      ]);
    });
  });

  it('rejects within seconds while the storage is not available, and works when it is available again', async () => {
    const history = historyAt(await closedStorage());
    await expect(history.append(buildOutcome())).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await expect(history.latest('any')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('describes a connection string, without repeating the given text', async () => {
    const history = historyAt('AccountKey-c2VjcmV0');
    await expect(history.latest('any')).rejects.toThrow(/^expected a storage connection string, such as Default/);
    await expect(history.latest('any')).rejects.not.toThrow(/c2VjcmV0/);
  });
});

describe('listing outcomes', () => {
  const everything = { probes: ['list-a', 'list-b', 'list-c'], limit: 100 };
  const seeded = seedOnce();

  /** 60 runs of three probes alternately; every seventh fails. */
  function seedOnce() {
    let history: ReturnType<typeof seed> | undefined;
    return () => {
      history ??= seed(
        open(),
        Array.from({ length: 60 }, (_, number) => ({
          probe: everything.probes[number % 3] ?? '',
          runId: `run-${number}`,
          startedAt: at(number),
          verdict: number % 7 === 0 ? ('failing' as const) : ('healthy' as const),
        })),
      );
      return history;
    };
  }

  const numbers = (from: number, to: number, keep: (number: number) => boolean = () => true) =>
    Array.from({ length: 60 }, (_, index) => 59 - index)
      .filter((number) => number >= from && number <= to && keep(number))
      .map((number) => `run-${number}`);

  it.each<[string, Partial<OutcomeQuery>, string[]]>([
    ['everything, newest first across probes', {}, numbers(0, 59)],
    ['one probe', { probes: ['list-b'] }, numbers(0, 59, (number) => number % 3 === 1)],
    ['a verdict', { verdict: 'failing' }, numbers(0, 59, (number) => number % 7 === 0)],
    ['the healthy ones', { verdict: 'healthy' }, numbers(0, 59, (number) => number % 7 !== 0)],
    ['a verdict without outcomes', { verdict: 'unknown' }, []],
    ['since, inclusive', { sinceMs: start + 55 * 60_000 }, numbers(55, 59)],
    ['until, exclusive', { untilMs: start + 3 * 60_000 }, numbers(0, 2)],
    ['an empty range', { sinceMs: start, untilMs: start }, []],
    ['all of time', { sinceMs: Date.parse('0001-01-01'), untilMs: Date.parse('9999-12-31') }, numbers(0, 59)],
    ['a few', { limit: 4 }, numbers(56, 59)],
    ['a probe that never ran', { probes: ['list-none'] }, []],
  ])('finds %s', async (_, query, expected) => {
    const history = await seeded();
    expect(runIds(await history.list({ ...everything, ...query }))).toEqual(expected);
  });

  it('offers a cursor exactly while there is more', async () => {
    const history = await seeded();
    expect((await history.list({ ...everything, limit: 59 })).cursor).toMatch(/^[\w-]+$/);
    expect(await history.list({ ...everything, limit: 60 })).not.toHaveProperty('cursor');
  });

  it.each([1, 7, 20, 59])('returns every outcome once in pages of %i', async (limit) => {
    const history = await seeded();
    expect((await everyPage(history, { ...everything, limit })).map(({ runId }) => runId)).toEqual(numbers(0, 59));
  });

  it('is not confused by outcomes that arrive between two pages', async () => {
    const probe = 'list-arriving';
    const history = await seed(
      open(),
      [0, 1, 2].map((minute) => ({ probe, runId: `old-${minute}`, startedAt: at(minute) })),
    );
    const first = await history.list({ probes: [probe], limit: 2 });
    await history.append(buildOutcome({ probe, runId: 'new', startedAt: at(9) }));
    const second = await history.list({ probes: [probe], limit: 2, after: parsePosition(first.cursor ?? '') });
    expect(runIds(second)).toEqual(['old-0']);
  });

  it('pages through any outcomes once each and in order, those of the same millisecond and run included', async () => {
    let example = 0;
    const verdict = fc.constantFrom<Verdict>('healthy', 'degraded', 'failing', 'unknown');
    const run = fc.record({ minute: fc.nat(3), probe: fc.nat(2), run: fc.nat(3), verdict });
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(run, { minLength: 1, maxLength: 14, selector: (it) => `${it.minute}/${it.probe}/${it.run}` }),
        fc.integer({ min: 1, max: 5 }),
        async (runs, limit) => {
          example += 1;
          const name = (probe: number) => `any-${example}-${probe}`;
          const outcomes = runs.map((it) => ({
            probe: name(it.probe),
            runId: ['plain', '{curly}', 'a/b\\c#d?e', '%2F'][it.run] ?? '',
            startedAt: at(it.minute),
            verdict: it.verdict,
          }));
          const history = await seed(open(), outcomes);
          const listed = await everyPage(history, { probes: [0, 1, 2].map(name), limit });
          const identity = (it: (typeof outcomes)[number]) => `${it.startedAt} ${it.probe} ${it.runId} ${it.verdict}`;
          expect(listed.map(identity).sort()).toEqual(outcomes.map(identity).sort());
          const times = listed.map(({ startedAt }) => startedAt);
          expect(times).toEqual([...times].sort().reverse());
        },
      ),
      { numRuns: 25 },
    );
  });
});

async function everyPage(history: ReturnType<typeof open>, query: OutcomeQuery): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  let after = query.after;
  do {
    const page = await history.list({ ...query, after });
    expect(page.outcomes.length).toBeLessThanOrEqual(query.limit);
    outcomes.push(...page.outcomes);
    after = page.cursor === undefined ? undefined : parsePosition(page.cursor);
  } while (after !== undefined);
  return outcomes;
}
