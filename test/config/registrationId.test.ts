import { describe, expect, it } from 'vitest';
import { parseConfiguration } from '../../src/config/configuration.ts';
import { formatErrors } from '../../src/config/configurationErrors.ts';
import { planErrors, planOf } from '../../src/config/plan/plan.ts';
import { probeJson } from '../support/probeJson.ts';

const group = { type: 'symmetricKey', secret: 'fleet-key', enrollment: 'group' };

function parse(probe: Readonly<Record<string, unknown>>, location?: string) {
  const PROBES = JSON.stringify([probeJson(probe)]);
  return parseConfiguration({ PROBES, PROBE_LOCATION: location }, () => 'not read');
}

function errorOf(probe: Readonly<Record<string, unknown>>, location?: string): string {
  const configuration = parse(probe, location);
  return configuration.kind === 'valid' ? '' : formatErrors(configuration.errors);
}

describe('{location} in a registrationId', () => {
  it.each([
    ['canary-{location}', 'westeurope', 'canary-westeurope'],
    ['canary-{location}', 'West Europe', 'canary-westeurope'],
    ['{location}', 'Plant 7', 'plant7'],
    ['{location}.{location}-01', 'weu', 'weu.weu-01'],
    ['canary-{location}', undefined, 'canary-local'],
  ])('gives each location its own device: %s at %s is %s (fault 14)', (registrationId, location, expected) => {
    const configuration = parse({ registrationId, attestation: group }, location);
    expect(configuration).toMatchObject({ kind: 'valid', probes: [{ registrationId: expected }] });
  });

  it('is an error in an individual enrollment', () => {
    expect(errorOf({ registrationId: 'canary-{location}' }, 'weu')).toMatch(
      /^PROBES\[0\]\.registrationId: expected \{location\} only with a group enrollment: /,
    );
  });

  it.each(['plant/7', 'hall#1', 'a?b', '日本', 'end-'])(
    'is an error if the location %j has characters that a registrationId must not have',
    (location) => {
      expect(errorOf({ registrationId: 'canary-{location}', attestation: group }, location)).toMatch(
        /^PROBES\[0\]\.registrationId: expected a registration ID .* got "canary-.*": check PROBE_LOCATION/,
      );
    },
  );

  it('is an error if the result is longer than 128 characters', () => {
    const registrationId = `${'r'.repeat(100)}{location}`;
    expect(errorOf({ registrationId, attestation: group }, 'l'.repeat(29))).toContain('at most 128');
    expect(errorOf({ registrationId, attestation: group }, 'l'.repeat(28))).toBe('');
  });

  it.each(['canary-{region}', '{Location}', 'canary-{location', '{location}-'])(
    'leaves %j an error of its form',
    (id) => {
      expect(errorOf({ registrationId: id, attestation: group })).toMatch(
        /^PROBES\[0\]\.registrationId: expected at most 128/,
      );
    },
  );
});

it('shares the starts of an ID scope among the configured locations, which the plan reckons with', () => {
  const PROBES = JSON.stringify(
    Array.from({ length: 200 }, (_, number) => probeJson({ name: `p${number}`, registrationId: `d-${number}` })),
  );
  const errorsWith = (PROBE_LOCATIONS?: string) => {
    const configuration = parseConfiguration(
      { PROBES, PROBE_LOCATION: 'weu', PROBE_LOCATIONS, PROBE_SCHEDULE: '0 */2 * * * *' },
      () => 'not read',
    );
    if (configuration.kind === 'invalid') throw new Error(formatErrors(configuration.errors));
    return {
      errors: planErrors(configuration.settings, configuration.probes).length,
      seconds: planOf(configuration.settings, configuration.probes).longestRound.seconds,
      locations: configuration.settings.locations,
    };
  };
  expect(errorsWith()).toMatchObject({ errors: 0, locations: ['weu'] });
  const three = errorsWith('weu, neu,, sea');
  expect(three.locations).toEqual(['weu', 'neu', 'sea']);
  expect(three.errors).toBeGreaterThan(0);
  // Each device waits for the runs of the two other locations.
  expect(three.seconds).toBeCloseTo(199 * 0.3 + 3 * 60, 3);
});
