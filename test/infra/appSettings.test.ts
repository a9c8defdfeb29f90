import { describe, expect, it } from 'vitest';
import { parseConfiguration } from '../../src/config/configuration.ts';
import { platformSettingNames, settingNames } from '../../src/config/settings.ts';
import { needsBicep, resourcesOf, type Snapshot, snapshotOf } from '../support/bicep.ts';

/** Alternative settings with the same meaning, which a deployment does not use. */
const alternatives = [
  'PROBES_FILE',
  'OutcomesStorage',
  'OutcomesStorage__accountName',
  'OutcomesStorage__blobServiceUri',
  'OutcomesStorage__queueServiceUri',
  'AzureWebJobsStorage',
  'AzureWebJobsStorage__accountName',
];

function settingsIn(snapshot: Snapshot): readonly { readonly [name: string]: string }[] {
  return resourcesOf(snapshot, 'Microsoft.Web/sites/config').map(({ properties }) =>
    Object.fromEntries(Object.entries(properties ?? {}).map(([name, value]) => [name, String(value)])),
  );
}

/** Replaces the expressions of the snapshot with values as in Azure. */
function resolved(settings: { readonly [name: string]: string }): { readonly [name: string]: string } {
  const values: readonly (readonly [RegExp, string])[] = [
    [/^\[format\('ClientId=.*$/, 'ClientId=33333333-3333-3333-3333-333333333333;Authorization=AAD'],
    [/^\[.*\.clientId\)?\]$/, '33333333-3333-3333-3333-333333333333'],
    [/^\[.*\.primaryEndpoints\.(\w+)\]$/, 'https://account.$1.core.windows.net/'],
    [/^\[.*\.ConnectionString\]$/, 'InstrumentationKey=44444444-4444-4444-4444-444444444444'],
    [/^\[format\('https:\/\/.*$/, 'https://kv.vault.azure.net'],
  ];
  return Object.fromEntries(
    Object.entries(settings).map(([name, text]) => [
      name,
      values.reduce((value, [expression, replacement]) => value.replace(expression, replacement), text),
    ]),
  );
}

describe('application settings', needsBicep, () => {
  it('are exactly those that the code and the host read', async () => {
    const [settings = {}] = settingsIn(await snapshotOf('everything'));
    const expected = settingNames.filter((name) => ![...alternatives, ...platformSettingNames].includes(name));
    expect(Object.keys(settings).toSorted()).toEqual([...expected, 'AzureWebJobsDisableHomepage'].toSorted());
  }, 120_000);

  it('leave out what was not requested', async () => {
    const [settings = {}] = settingsIn(await snapshotOf('defaults'));
    const [all = {}] = settingsIn(await snapshotOf('everything'));
    const left = Object.keys(all).filter((name) => !(name in settings));
    expect(left).toEqual(['OTEL_EXPORTER_OTLP_ENDPOINT', 'WEBHOOK_URL_SECRET', 'WEBHOOK_KEY_SECRET']);
  }, 120_000);

  it.each(['defaults', 'existing'])(
    'with %s are a configuration that the app accepts',
    async (name) => {
      for (const settings of settingsIn(await snapshotOf(name))) {
        const parsed = parseConfiguration(resolved(settings), () => '');
        expect(parsed).toMatchObject({ kind: 'valid', settings: { identity: { kind: 'developer' } } });
        expect(parsed.kind === 'valid' && parsed.probes).toHaveLength(1);
      }
    },
    120_000,
  );

  it.each(['defaults', 'everything', 'existing'])(
    'with %s contain no setting that Flex Consumption refuses or fails with',
    async (name) => {
      const refused = /^(FUNCTIONS_WORKER_RUNTIME|FUNCTIONS_EXTENSION_VERSION|WEBSITE_|TZ$|SCM_|ENABLE_ORYX)/;
      for (const settings of settingsIn(await snapshotOf(name))) {
        expect(Object.keys(settings).filter((setting) => refused.test(setting))).toEqual([]);
      }
    },
    120_000,
  );

  it('are the same for each location, except its name, its schedule and its storage', async () => {
    const snapshot = await snapshotOf('everything');
    const all = settingsIn(snapshot);
    expect(all.map(({ PROBE_LOCATION }) => PROBE_LOCATION)).toEqual(['westeurope', 'eastus2', 'japaneast']);
    expect(new Set(all.map(({ PROBE_LOCATIONS }) => PROBE_LOCATIONS))).toEqual(
      new Set(['westeurope,eastus2,japaneast']),
    );
    // A third of a minute apart: three locations never start the same device at the same second.
    expect(all.map(({ PROBE_SCHEDULE }) => PROBE_SCHEDULE)).toEqual([
      '0 */10 * * * *',
      '20 */10 * * * *',
      '40 */10 * * * *',
    ]);
    expect(new Set(all.map(({ OutcomesStorage__tableServiceUri: uri }) => uri)).size).toBe(1);
    expect(new Set(all.map(({ AzureWebJobsStorage__queueServiceUri: uri }) => uri)).size).toBe(3);
    expect(new Set(all.map(({ PROBES }) => PROBES)).size).toBe(1);
    expect(all[0]).toMatchObject({
      PROBE_SCHEDULE: '0 */10 * * * *',
      OUTCOME_RETENTION_DAYS: '30',
      STATUS_PAGE_AUTH: 'anonymous',
    });
  }, 120_000);
});
