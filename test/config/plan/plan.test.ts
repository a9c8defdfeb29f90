import { describe, expect, it } from 'vitest';
import { parseConfiguration } from '../../../src/config/configuration.ts';
import { formatErrors } from '../../../src/config/configurationErrors.ts';
import { type Plan, planErrors, planOf } from '../../../src/config/plan/plan.ts';
import { probeJson } from '../../support/probeJson.ts';

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
  it('shows how often each probe runs and what its registrations cost', () => {
    const plan = planFor([
      probeJson(),
      probeJson({ name: 'hourly', registrationId: 'canary-003', everyMinutes: 60 }),
      refusal,
    ]);

    expect(plan.probes.map(({ name, cadence, runsPerMonth }) => [name, cadence, runsPerMonth])).toEqual([
      ['weu-key', 'every scheduled run', 8766],
      ['hourly', 'every 60 min', 730.5],
      ['refusal', 'every scheduled run', 8766],
    ]);
    expect(plan.runsPerMonth).toBe(18_262.5);
    expect(plan.costPerMonthUsd).toBeCloseTo(18.2625 * 0.123, 9);
    expect(plan.warnings).toEqual([]);
  });

  it("adds up, per ID scope, how many of the service's 1,000 registrations the busiest minute uses", () => {
    const plan = planFor([probeJson(), refusal, probeJson({ name: 'other', idScope: '0ne1', everyMinutes: 5 })], {
      ...complete,
      PROBE_SCHEDULE: '*/10 * * * * *',
    });

    expect(plan.scopes).toEqual([
      { idScope: '0ne00A1B2C3', registrationsInBusiestMinute: 12, shareOfLimit: 0.012 },
      { idScope: '0ne1', registrationsInBusiestMinute: 1, shareOfLimit: 0.001 },
    ]);
    expect(plan.warnings).toContain(
      '0ne00A1B2C3: 12 registrations in one minute are more than 1 % of what the service accepts from all devices together. Give some probes an everyMinutes.',
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

  it('warns if two probes of one device differ in requestCertificate, regardless of the case of its ID', () => {
    const requesting = probeJson({ name: 'requesting', registrationId: 'CANARY-001', requestCertificate: true });
    expect(planFor([requesting, probeJson(), refusal]).warnings).toEqual([
      '0ne00A1B2C3/canary-001: requesting requests a certificate and weu-key does not. A hub may accept a device only with its issued certificate afterwards: use different devices.',
    ]);
    expect(planFor([requesting, probeJson({ requestCertificate: true }), refusal]).warnings.join()).not.toContain(
      'does not',
    );
    expect(planFor([requesting, probeJson({ idScope: '0ne1' }), refusal]).warnings.join()).not.toContain('requesting');
  });

  it('warns about eleven probes, but not about ten', () => {
    const probes = (number: number) =>
      Array.from({ length: number - 1 }, (_, at) => probeJson({ name: `p${at}`, registrationId: `p${at}` }));

    expect(planFor([...probes(10), refusal]).warnings).toEqual([]);
    expect(planFor([...probes(11), refusal]).warnings).toHaveLength(1);
  });

  it('warns of all gaps of an empty configuration', () => {
    expect(planFor([], {}).warnings.map((warning) => warning.split(':')[0])).toEqual([
      'No probes',
      'KEY_VAULT_URL is not set',
      'Neither OutcomesStorage nor AzureWebJobsStorage is set',
      'APPLICATIONINSIGHTS_CONNECTION_STRING is not set',
    ]);
  });

  it.each<[string, readonly object[], string]>([
    ['no probe expects to be refused', [probeJson()], '0ne00A1B2C3: no probe expects to be refused'],
    [
      'several probes use one device, in whatever case its ID is written',
      [
        refusal,
        probeJson({ timeoutSeconds: 9 }),
        probeJson({ name: 'same', registrationId: 'Canary-001', timeoutSeconds: 9 }),
      ],
      '0ne00A1B2C3/canary-001: weu-key, same use the same device and run one after the other.',
    ],
    [
      'an ID scope of China with the public endpoint',
      [refusal, probeJson({ idScope: '0cn00A1B2C3', registrationId: 'c', expect: { result: 'refused' } })],
      'weu-key: the ID scope 0cn00A1B2C3 is one of Azure in China. Use globalDeviceEndpoint global.azure-devices-provisioning.cn.',
    ],
    [
      'a public ID scope with the endpoint of China',
      [refusal, probeJson({ registrationId: 'c', globalDeviceEndpoint: 'global.azure-devices-provisioning.cn' })],
      'weu-key: the ID scope 0ne00A1B2C3 is one of public Azure. Use globalDeviceEndpoint global.azure-devices-provisioning.net.',
    ],
    [
      'the schedule runs too rarely',
      [refusal, probeJson({ everyMinutes: 1, timeoutSeconds: 9 })],
      'weu-key: runs less often than every 1 minutes',
    ],
    [
      'the intervals are uneven',
      [refusal, probeJson({ everyMinutes: 5, timeoutSeconds: 9 })],
      'weu-key: runs at uneven intervals',
    ],
  ])('warns when %s', (_reason, probes, start) => {
    const { warnings } = planFor(probes, { ...complete, PROBE_SCHEDULE: '0 */2 * * * *' });

    expect(warnings).toEqual([expect.stringContaining(start)]);
  });

  it('has the longest scheduled run of an outage: ten starts a second and scope, one device after the other', () => {
    const fleet = (idScope: string, number: number) =>
      Array.from({ length: number }, (_, at) =>
        probeJson({ name: `${idScope}-${at}`, idScope, registrationId: `r${at}`, timeoutSeconds: 30 }),
      );

    expect(planFor([...fleet('0nea', 101), ...fleet('0neb', 50)]).longestRound).toEqual({
      seconds: 40,
      limitSeconds: 298,
    });
    expect(planFor([probeJson(), probeJson({ name: 'b' }), probeJson({ name: 'c' })]).longestRound.seconds).toBe(180);
    expect(planFor([], { ...complete, PROBE_SCHEDULE: '0 0 * * * *' }).longestRound.limitSeconds).toBe(598);
    expect(planFor([], { ...complete, PROBE_SCHEDULE: '*/20 * * * * *' }).longestRound.limitSeconds).toBe(18);
  });

  it('counts the locations that share a device: their runs wait for each other', () => {
    const locations = { ...complete, PROBE_LOCATION: 'West Europe', PROBE_LOCATIONS: 'North Europe, East US' };
    const group = { type: 'symmetricKey', secret: 'k', enrollment: 'group' };
    const own = probeJson({ name: 'own', registrationId: 'canary-{location}', attestation: group });
    const apart = { ...refusal, registrationId: 'refusal-{location}', attestation: group };
    expect(planFor([own, apart], locations)).toMatchObject({
      longestRound: { seconds: 60 + 1 / (10 / 3) },
      warnings: [],
    });
    const shared = planFor([probeJson(), apart, own], locations);
    expect(shared.longestRound.seconds).toBe(180);
    expect(shared.warnings).toEqual([
      "weu-key: 3 locations share the device, and their runs wait for each other, up to 180 s in an outage. Use a group enrollment with {location} in the registrationId, or stagger the locations' PROBE_SCHEDULE.",
    ]);
    expect(planFor([probeJson(), refusal], complete).warnings).toEqual([]);
  });

  it('has no error for 500 probes every five minutes, and one for each that could not end in an outage', () => {
    const configured = (number: number) => {
      const probes = Array.from({ length: number }, (_, at) => probeJson({ name: `p${at}`, registrationId: `r${at}` }));
      const parsed = parseConfiguration({ PROBES: JSON.stringify(probes) }, () => '');
      if (parsed.kind === 'invalid') throw new Error(formatErrors(parsed.errors));
      return planErrors(parsed.settings, parsed.probes);
    };
    expect(configured(500)).toEqual([]);
    expect(configured(2382)).toEqual([
      {
        index: 2381,
        message: expect.stringMatching(
          /^starts 238\.1 s into a scheduled run, because 2381 probes of 0ne00A1B2C3 start before it/,
        ),
      },
    ]);
  });

  it('adds up what a month costs in one location, and only for what is configured', () => {
    expect(planFor([probeJson()]).costs.map(({ item }) => item)).toEqual([
      'DPS registrations',
      'telemetry',
      'alert rules',
      'always-ready instance, 512 MB',
      'executions, 512 MB',
      'storage, at most',
    ]);
    expect(planFor([probeJson()], {}).costs.map(({ usdPerMonth }) => usdPerMonth.toFixed(2))).toEqual([
      '1.08',
      '5.26',
      '0.35',
    ]);
  });
});

it('warns of a webhook whose URL cannot be read, or whose state cannot be stored', () => {
  const webhook = { WEBHOOK_URL_SECRET: 'chat-address' };
  expect(planFor([refusal], { ...complete, ...webhook }).warnings).toEqual([]);
  const { KEY_VAULT_URL: _vault, AzureWebJobsStorage: _storage, ...rest } = complete;
  expect(planFor([refusal], { ...rest, ...webhook }).warnings.filter((warning) => /WEBHOOK/.test(warning))).toEqual([
    'WEBHOOK_URL_SECRET is set, but KEY_VAULT_URL is not: nothing is posted, because the address cannot be read.',
    'WEBHOOK_URL_SECRET is set, but no storage: changes are not posted, because nothing remembers them.',
  ]);
});
