import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type DocumentTarget, realTarget, standInTarget } from '../support/documentTarget.ts';
import { localProbe, run } from '../support/localProbe.ts';
import { type ClientRun, documentRows } from './documentRows.ts';
import { protocolTable } from './protocolTable.ts';

const standIn = await standInTarget();
const real = realTarget(process.env);
afterAll(() => standIn.close());

describe('our client', () => {
  let clientRun: ClientRun;
  beforeAll(async () => {
    const mqtt = await run(localProbe(standIn.dps));
    const webSocket = await run(localProbe(standIn.dps, { transport: 'mqtt-ws' }));
    await standIn.dps.requests.seen({ kind: 'close', transport: 'mqtt-ws' });
    clientRun = { mqtt, webSocket, requests: [...standIn.dps.requests.all] };
  });

  it.each(documentRows.filter(({ client }) => client))('obeys $id: $meaning', ({ client }) => {
    client?.(clientRun);
  });
});

describe.each<[string, DocumentTarget]>([
  ['the stand-in', standIn],
  ...(real ? [['the real DPS', real] as [string, DocumentTarget]] : []),
])('%s', (name, target) => {
  const asked = documentRows.filter(
    ({ service, appliesTo }) => service && (name === 'the stand-in' || appliesTo !== 'standIn'),
  );
  afterEach(() => (target === standIn ? undefined : target.close()));

  it.each(asked)('means $id: $meaning', async ({ service }) => service?.(target));
});

describe('the table of the document', () => {
  it('has a row for each number, and a test for each row', () => {
    expect(documentRows.map(({ id }) => id)).toEqual(documentRows.map((_, index) => `D${index + 1}`));
    for (const { id, client, service, alsoIn } of documentRows)
      expect.soft(client ?? service ?? alsoIn, id).toBeDefined();
  });

  it('stands in the README as it is', () => {
    const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
    expect(readme).toContain(protocolTable(documentRows));
  });
});
