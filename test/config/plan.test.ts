import { describe, expect, it } from 'vitest';
import { parseConfiguration } from '../../src/config/configuration.ts';
import { formatErrors } from '../../src/config/configurationErrors.ts';
import { type Plan, planOf } from '../../src/config/plan.ts';
import { probeJson } from '../support/probeJson.ts';

const complete = {
  KEY_VAULT_URL: 'https://v.vault.azure.net',
  AzureWebJobsStorage: 'UseDevelopmentStorage=true',
  APPLICATIONINSIGHTS_CONNECTION_STRING: 'InstrumentationKey=00000000-0000-0000-0000-000000000000',
};
const refusal = probeJson({ name: 'refusal', registrationId: 'canary-002', expect: { result: 'refused' } });

function planFor(probes: readonly object[], environment: Readonly<Record<string, string>> = complete): Plan {
  const configuration = parseConfiguration({ ...environment, PROBES: JSON.stringify(probes) }, () => '');
  if (configuration.kind === 'invalid') throw new Error(formatErrors(configuration.errors));
  return planOf(configuration.settings, configuration.probes);
}

describe('the plan', () => {
  it('says how often each probe runs and about what its registrations cost', () => {
    const plan = planFor([
      probeJson(),
      probeJson({ name: 'hourly', registrationId: 'canary-003', everyMinutes: 60 }),
      refusal,
    ]);

    expect(plan.probes.map(({ name, cadence, runsPerMonth }) => [name, cadence, runsPerMonth])).toEqual([
      ['weu-key', 'each tick', 8766],
      ['hourly', 'every 60 min', 730.5],
      ['refusal', 'each tick', 8766],
    ]);
    expect(plan.runsPerMonth).toBe(18_262.5);
    expect(plan.costPerMonthUsd).toBeCloseTo(18.2625 * 0.123, 9);
    expect(plan.warnings).toEqual([]);
  });

  it("adds up, per ID scope, what the busiest minute takes of the service's 1,000 registrations", () => {
    const plan = planFor([probeJson(), refusal, probeJson({ name: 'other', idScope: '0ne1', everyMinutes: 5 })], {
      ...complete,
      PROBE_SCHEDULE: '*/10 * * * * *',
    });

    expect(plan.scopes).toEqual([
      { idScope: '0ne00A1B2C3', registrationsInBusiestMinute: 12, shareOfLimit: 0.012 },
      { idScope: '0ne1', registrationsInBusiestMinute: 1, shareOfLimit: 0.001 },
    ]);
    expect(plan.warnings).toContain(
      '0ne00A1B2C3: 12 registrations in one minute are more than 1 % of what the service takes from all devices together. Give some probes an everyMinutes.',
    );
  });

  it('warns of renewals that are too hasty, and of nothing with the defaults', () => {
    const renewing = (changes: object) =>
      probeJson({ name: 'renew', registrationId: 'r', requestCertificate: true, verifyHub: 'renew', ...changes });
    expect(planFor([renewing({}), refusal]).warnings).toEqual([]);
    expect(planFor([renewing({ timeoutSeconds: 120, everyMinutes: 30 }), refusal]).warnings).toEqual([
      'renew: timeoutSeconds 120 is short for a renewal, which can take minutes. Use 180 or more.',
      'renew: each run issues two certificates, every 30 minutes. Use an everyMinutes of 60 or more.',
    ]);
  });

  it('warns where two probes of one device differ in requestCertificate, in whatever case its ID is written', () => {
    const asking = probeJson({ name: 'asking', registrationId: 'CANARY-001', requestCertificate: true });
    expect(planFor([asking, probeJson(), refusal]).warnings).toEqual([
      '0ne00A1B2C3/canary-001: asking requests a certificate and weu-key does not. A hub may accept a device only with its issued certificate afterwards: use different devices.',
    ]);
    expect(planFor([asking, probeJson({ requestCertificate: true }), refusal]).warnings).toEqual([]);
    expect(planFor([asking, probeJson({ idScope: '0ne1' }), refusal]).warnings.join()).not.toContain('asking');
  });

  it('does not warn of ten probes, and does of eleven', () => {
    const probes = (number: number) =>
      Array.from({ length: number - 1 }, (_, at) => probeJson({ name: `p${at}`, registrationId: `p${at}` }));

    expect(planFor([...probes(10), refusal]).warnings).toEqual([]);
    expect(planFor([...probes(11), refusal]).warnings).toHaveLength(1);
  });

  it('warns of everything that makes an empty configuration useless', () => {
    expect(planFor([], {}).warnings.map((warning) => warning.split(':')[0])).toEqual([
      'No probes',
      'KEY_VAULT_URL is not set',
      'Neither OutcomesStorage nor AzureWebJobsStorage is set',
      'APPLICATIONINSIGHTS_CONNECTION_STRING is not set',
    ]);
  });

  it.each<[string, readonly object[], string]>([
    ['no probe expects to be refused', [probeJson()], '0ne00A1B2C3: no probe expects to be refused'],
    ['a run may outlast the ticks', [refusal, probeJson({ timeoutSeconds: 61 })], 'weu-key: a run may take 61 s'],
    [
      'the ticks are too rare',
      [refusal, probeJson({ everyMinutes: 1, timeoutSeconds: 9 })],
      'weu-key: runs less often than every 1 minutes',
    ],
    [
      'the turns are uneven',
      [refusal, probeJson({ everyMinutes: 5, timeoutSeconds: 9 })],
      'weu-key: its runs are unevenly spaced',
    ],
  ])('warns when %s', (reason, probes, start) => {
    const everyMinute = reason === 'a run may outlast the ticks' ? '0 * * * * *' : '0 */2 * * * *';
    const { warnings } = planFor(probes, { ...complete, PROBE_SCHEDULE: everyMinute });

    expect(warnings).toEqual([expect.stringContaining(start)]);
  });
});
