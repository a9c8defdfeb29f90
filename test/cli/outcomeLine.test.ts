import { describe, expect, it } from 'vitest';
import { formatOutcome, outcomeOfLog, phaseBar } from '../../src/cli/outcomeLine.ts';
import { buildOutcome } from '../support/buildOutcome.ts';

describe('an outcome on the screen', () => {
  it('is one line: verdict, probe, seconds, the bar of its phases and the result', () => {
    const bar = phaseBar(buildOutcome());
    expect(formatOutcome(buildOutcome(), false)).toBe(
      `✔ healthy   weu-group-key              3.41 s  ${bar}  assigned to hub-a.azure-devices.net as canary-001`,
    );
  });

  it('is followed by its reasons, a line each', () => {
    const outcome = buildOutcome({ verdict: 'failing', reasons: ['one. Next: this', 'two. Next: that'] });
    expect(formatOutcome(outcome, false).split('\n').slice(1)).toEqual(['  └ one. Next: this', '  └ two. Next: that']);
  });

  it('has colours only if they are requested', () => {
    expect(formatOutcome(buildOutcome(), true)).toContain('\u001b[32m');
    expect(formatOutcome(buildOutcome(), false)).not.toContain('\u001b');
  });

  it.each([
    [{}, ' '.repeat(24)],
    [{ keyVault: 10, register: 10 }, 'kkkkkkkkkkkkrrrrrrrrrrrr'],
    [{ tls: 1, assign: 999 }, 'a'.repeat(24)],
    [{ keyVault: 1, dns: 1, tcp: 1 }, 'kkkkkkkkddddddddtttttttt'],
  ])('shows the phases %o by their share', (phases, bar) => {
    expect(phaseBar({ phases })).toBe(bar);
  });
});

describe('a line of the log', () => {
  const entry = (message: string) => ({ level: 'information' as const, category: 'Function.x.User', message });

  it('is an outcome if the line contains one', () => {
    expect(outcomeOfLog(entry(JSON.stringify(buildOutcome())))).toEqual(buildOutcome());
  });

  it.each(['Executing Functions.x', '{"a":1}', '{ broken', '{"runId":"1","verdict":"healthy"}'])(
    'is not an outcome: %s',
    (line) => {
      expect(outcomeOfLog(entry(line))).toBeUndefined();
    },
  );
});
