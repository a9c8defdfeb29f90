/**
 * Every fault of the stand-ins, over both transports: the result, its phase and its code are exactly those of the table, the run ends by
 * its deadline, and no socket or timer remains. docs/what-it-survives.md is the same table: `npm test -- test/matrix --update` writes it.
 */
import { getEventListeners } from 'node:events';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import pLimit from 'p-limit';
import { beforeAll, describe, expect, it } from 'vitest';
import type { RunningDps } from '../../src/emulator/dps/startDps.ts';
import { startHub } from '../../src/emulator/hub/startHub.ts';
import type { Outcome } from '../../src/outcomes/outcome.ts';
import { reasonCode } from '../../src/outcomes/reasonCode.ts';
import { authority, localProbe, registry, run, startLocalDps, vaultOf } from '../support/localProbe.ts';
import { openResources } from '../support/openResources.ts';
import { plantedSecrets } from '../support/plantedSecrets.ts';
import { dpsRows, hubRows, listenerRows, type Row } from './cells.ts';
import { heading } from './dependencies.ts';
import { renderTable } from './survivalTable.ts';

const document = fileURLToPath(new URL('../../docs/what-it-survives.md', import.meta.url));

const transports = ['mqtt', 'mqtt-ws'] as const;
type Transport = (typeof transports)[number];

interface Cell {
  readonly row: Row<unknown>;
  readonly transport: Transport;
  readonly expected: string;
  readonly registrationId: string;
}

const cellsOf = (rows: readonly Row<unknown>[], prefix: string): Cell[] =>
  rows.flatMap((row, index) =>
    transports.map((transport) => ({
      row,
      transport,
      expected: typeof row.expected === 'string' ? row.expected : row.expected[transport],
      registrationId: `${prefix}-${index}-${transport}`,
    })),
  );
const rowsOf = (table: Readonly<Record<string, readonly Row<unknown>[]>>) => Object.values(table).flat();
const [listenerCells, dpsCells, hubCells] = [
  cellsOf(rowsOf(listenerRows), 'listener'),
  cellsOf(rowsOf(dpsRows), 'dps'),
  cellsOf(rowsOf(hubRows), 'hub'),
] as const;
const cells = [...listenerCells, ...dpsCells, ...hubCells];

const groupKey = plantedSecrets.groupKey;
const attestation = { type: 'symmetricKey', symmetricKey: { primaryKey: groupKey } } as const;
const credentialPolicies = [{ name: 'default' }];

interface Ended {
  readonly outcome: Outcome;
  readonly timeoutMs: number;
  readonly listeners: number;
}
const ended = new Map<Cell, Ended>();
const before = { resources: {}, timers: 0 };

beforeAll(async () => {
  Object.assign(before, { resources: openResources(), timers: timers() });
  const faults = (of: readonly Cell[]) =>
    Object.fromEntries(of.map(({ registrationId, row }) => [registrationId, row.fault]));
  const hub = await startHub({
    certificate: await authority.issueServer(),
    registry,
    faults: faults(hubCells) as never,
  });
  const hubName = `localhost:${hub.port}`;
  const group = { enrollmentGroupId: 'matrix', attestation, iotHubs: [hubName], credentialPolicyName: 'default' };
  const start = (more: object) => startLocalDps({}, { enrollmentGroups: [group], credentialPolicies, ...more });
  const dps = await start({ faults: faults(dpsCells) });
  const limit = pLimit(24);
  await Promise.all([...dpsCells, ...hubCells].map((cell) => limit(() => play(cell, dps, hubName))));
  await Promise.all(
    listenerCells.map((cell) =>
      limit(async () => {
        const own = await start({ listenerFault: cell.row.fault });
        await play(cell, own, hubName);
        await own.close();
      }),
    ),
  );
  await dps.close();
  await hub.close();
}, 180_000);

async function play(cell: Cell, dps: RunningDps, hubName: string): Promise<void> {
  const { registrationId, transport, expected, row } = cell;
  // A cell that ends with its deadline has a short one. On a busy machine the deadline can pass before the fault: it then gets more time.
  for (const timeoutSeconds of /timedOut|throttled/.test(expected) ? [2, 8, 30] : [30]) {
    const probe = localProbe(dps, {
      registrationId,
      transport,
      timeoutSeconds,
      attestation: { type: 'symmetricKey', secret: 'group-key', enrollment: 'group' },
      expect: { assignedHub: [hubName] },
      ...row.probe,
    });
    const { signal } = new AbortController();
    const outcome = await run(probe, { readSecret: vaultOf({ 'group-key': groupKey }), signal });
    const listeners = getEventListeners(signal, 'abort').length;
    ended.set(cell, { outcome, timeoutMs: timeoutSeconds * 1000, listeners });
    if (isAsExpected(cell, outcome) || listeners > 0) return;
  }
}

function isAsExpected({ expected }: Cell, outcome: Outcome): boolean {
  return expected.split(' or ').includes(withoutPlatformCode(reasonCode(outcome)));
}

function timers(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
}

const nameOf = ({ row, transport }: Cell) => `${JSON.stringify(row.fault)} at ${row.at} over ${transport}`;

describe('a run that meets a fault', () => {
  it.each(cells.map((cell) => [nameOf(cell), cell.expected, cell] as const))(
    '%s ends as %s',
    (_name, expected, cell) => {
      const { outcome, timeoutMs, listeners } = ended.get(cell) ?? {};
      expect(expected.split(' or ')).toContain(outcome && withoutPlatformCode(reasonCode(outcome)));
      expect(listeners).toBe(0);
      // The deadline, and not something behind it, has ended the run: a machine that is busy may be late to notice.
      expect(outcome?.durationMs).toBeLessThan((timeoutMs ?? 0) + 2_000);
    },
  );

  it('leaves no socket, server or timer', async () => {
    await expect.poll(openResources, { timeout: 10_000 }).toEqual(before.resources);
    // One, as the default of the test runner.
    expect(timers()).toBeLessThanOrEqual(before.timers);
  });

  it('is one of at least 200, and the page shows them all', async () => {
    expect(cells.length).toBeGreaterThanOrEqual(200);
    const rows = [listenerRows, dpsRows, hubRows].flatMap(rowsOf);
    const written = await readFile(document, 'utf8');
    const rest = written.slice(written.indexOf(heading));
    await expect(`${renderTable(rows)}${rest}`).toMatchFileSnapshot(document);
  });
});

/** A peer's close becomes ECONNRESET or the end of the stream, depending on what was in progress. */
function withoutPlatformCode(reason: string): string {
  return reason.replace(/connectionLost:[A-Z]+/, 'connectionLost');
}
