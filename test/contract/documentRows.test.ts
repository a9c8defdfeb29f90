import { existsSync, readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type DocumentTarget, missingVariables, realTarget, standInTarget } from '../support/documentTarget.ts';
import { type ClientRuns, clientRuns } from './clientRuns.ts';
import { documentRows } from './documentRows.ts';
import { protocolTable } from './protocolTable.ts';

const standIn = await standInTarget();
const real = realTarget(process.env);
afterAll(() => standIn.close());

describe('our client', () => {
  let runs: ClientRuns;
  beforeAll(async () => {
    const ownStandIn = await standInTarget();
    runs = await clientRuns(ownStandIn.dps);
    await ownStandIn.close();
  });

  const rows = documentRows.flatMap(({ id, meaning, client }) => (client ? [{ id, meaning, ...client }] : []));
  it.each(rows)('$id ($meaning): $does', ({ check }) => check(runs));
});

describe.each<[string, DocumentTarget]>([
  ['the stand-in', standIn],
  ...(real ? [['the real DPS', real] as [string, DocumentTarget]] : []),
])('%s', (_name, target) => {
  const rows = documentRows
    .map(({ id, meaning, service }) => ({ id, meaning, ...service }))
    .filter(({ appliesTo }) => target === standIn || appliesTo === 'any');
  afterEach(() => (target === standIn ? undefined : target.close()));

  it.each(rows)('$id ($meaning): $does', ({ check }) => check(target));
});

const missing = missingVariables(process.env);
it.skipIf(missing.length > 0)(`runs against a real DPS if ${missing.join(', ') || 'its variables'} are set`, () => {
  expect(real).toBeDefined();
});

describe('the table of the document', () => {
  it('has its rows in order', () => {
    expect(documentRows.map(({ id }) => id)).toEqual(documentRows.map((_, index) => `D${index + 1}`));
  });

  it('names only tests that exist', () => {
    const named = documentRows.flatMap(({ alsoIn }) => (alsoIn === undefined ? [] : [alsoIn]));
    const missing = named.filter((place) => {
      const [path = '', title] = place.split(', ');
      const file = new URL(`../../${path}`, import.meta.url);
      return !existsSync(file) || !readFileSync(file, 'utf8').includes(title?.slice(1, -1) ?? '');
    });
    expect(missing).toEqual([]);
  });

  it('is in docs/protocol.md as it is here', () => {
    const page = readFileSync(new URL('../../docs/protocol.md', import.meta.url), 'utf8');
    expect(page).toContain(protocolTable(documentRows));
  });
});
