import { describe, expect, it } from 'vitest';
import { needsBicep, refusalOf } from '../support/bicep.ts';

const probe = `{
  name: 'one'
  idScope: '0ne00A1B2C3'
  registrationId: 'canary-001'
  attestation: { type: 'symmetricKey', secret: 'canary-001-key' }
}`;

describe('a deployment that could not work', needsBicep, () => {
  it.each([
    [
      'without probes and without a sandbox',
      '',
      'No probes: write them into infra/main.bicepparam, or set SANDBOX to true',
    ],
    [
      'with the placeholder of an ID scope',
      `param probes = [${probe.replace('0ne00A1B2C3', '0ne00000000')}]`,
      'The ID scope 0ne00000000 is a placeholder',
    ],
    [
      'with an alert that requires more failing runs than it considers',
      `param probes = [${probe}]\nparam alerts = { failingRuns: 4 }`,
      'alerts.failingRuns is 4, but the rule considers only 3 runs',
    ],
    [
      'with alerts on more runs than a slow probe has in two days',
      `param probes = [union(${probe}, { everyMinutes: 240 })]\nparam alerts = { ofRuns: 13 }`,
      'alerts.ofRuns is 13, but a probe that runs every 240 minutes has only 12 runs within the two days that a rule sees',
    ],
    [
      'with an alert on more failing runs than a daily probe has in two days',
      `param probes = [union(${probe}, { everyMinutes: 1440 })]\nparam alerts = { failingRuns: 3 }`,
      'alerts.failingRuns is 3, but the rule considers only 2 runs',
    ],
    [
      'with an objective at which the fast burn rate can never be reached',
      `param probes = [${probe}]\nparam alerts = { objectiveBasisPoints: 9285 }`,
      '9286',
    ],
  ])(
    'stops %s, and the reason is a sentence',
    async (_title, parameters, sentence) => {
      expect(await refusalOf(parameters)).toContain(sentence);
    },
    60_000,
  );

  it('is distinguished from one that can', async () => {
    expect(await refusalOf(`param probes = [${probe}]`)).toBe('');
    expect(await refusalOf(`param probes = [union(${probe}, { everyMinutes: 1440 })]`)).toBe('');
  }, 60_000);
});
