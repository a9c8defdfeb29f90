import { describe, expect, it } from 'vitest';
import { phaseRail } from '../../../src/status/page/phaseRail.ts';
import { buildOutcome } from '../../support/buildOutcome.ts';

const message = 'the run was cancelled';

describe('the rail of phases', () => {
  it('shows every phase as not reached if a run started none (fault 33)', () => {
    const result = { kind: 'notRun', cause: 'cancelled', message } as const;
    const rail = String(phaseRail(buildOutcome({ verdict: 'unknown', phases: {}, result })));
    expect(rail).toContain('not reached');
    expect(rail).not.toMatch(/passed|stopped here/);
  });

  it('shows the phase in which a run was cancelled, and the phases before', () => {
    const result = { kind: 'notRun', phase: 'tls', cause: 'cancelled', message } as const;
    const rail = String(
      phaseRail(buildOutcome({ verdict: 'unknown', phases: { keyVault: 1, dns: 1, tcp: 1 }, result })),
    );
    expect(rail.match(/\(passed\)/g)).toHaveLength(3);
    expect(rail.match(/\(stopped here\)/g)).toHaveLength(1);
  });
});
