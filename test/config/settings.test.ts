import { TableClient } from '@azure/data-tables';
import { QueueClient } from '@azure/storage-queue';
import { describe, expect, it } from 'vitest';
import { formatErrors } from '../../src/config/configurationErrors.ts';
import { parseSettings, settingNames } from '../../src/config/settings.ts';
import { sampleSecrets } from '../support/sampleSecrets.ts';

const guid = '0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0';
const account = 'DefaultEndpointsProtocol=https;AccountName=account;AccountKey=a2V5;EndpointSuffix=core.windows.net';
const telemetry = `InstrumentationKey=${guid};IngestionEndpoint=https://weu.example/`;
const noStorage =
  "expected a storage connection string: DefaultEndpointsProtocol, AccountName and AccountKey, or the services' endpoints and SharedAccessSignature, or UseDevelopmentStorage=true";
const reference = '@Microsoft.KeyVault(SecretUri=https://v.vault.azure.net/secrets/s/)';
const noTelemetry = 'expected the connection string of an Application Insights resource, with its InstrumentationKey';

function settingsOf(environment: Readonly<Record<string, string>>) {
  const parsed = parseSettings(environment);
  if (parsed.kind === 'invalid') throw new Error(formatErrors(parsed.errors));
  return parsed.settings;
}

function linesOf(environment: Readonly<Record<string, string>>): string {
  const parsed = parseSettings(environment);
  return parsed.kind === 'valid' ? '' : formatErrors(parsed.errors);
}

describe('settings', () => {
  it('have defaults, and leave out what is not configured', () => {
    expect(settingsOf({ PATH: '/bin', PROBE_SCHEDULE: '', KEY_VAULT_URL: ' ' })).toEqual({
      probeSchedule: '0 */5 * * * *',
      location: 'local',
      locations: ['local'],
      identity: { kind: 'developer' },
      openTelemetry: false,
      statusPageAuth: 'function',
      outcomeRetentionDays: 90,
    });
  });

  it('are read from the names that Azure and the operator set', () => {
    const settings = settingsOf({
      KEY_VAULT_URL: 'https://v.vault.azure.net/',
      PROBE_SCHEDULE: '0 0 6-18/2 * * MON-FRI',
      PROBE_LOCATION: 'weu',
      REGION_NAME: 'West Europe',
      AzureWebJobsStorage: account,
      APPLICATIONINSIGHTS_CONNECTION_STRING: telemetry,
      AZURE_CLIENT_ID: guid,
      IDENTITY_ENDPOINT: 'http://127.0.0.1:41741/msi/token',
      STATUS_PAGE_AUTH: 'anonymous',
      OUTCOME_RETENTION_DAYS: '30',
    });

    expect(settings).toEqual({
      keyVaultUrl: 'https://v.vault.azure.net',
      probeSchedule: '0 0 6-18/2 * * MON-FRI',
      location: 'weu',
      locations: ['weu'],
      outcomesStorage: { kind: 'connectionString', connectionString: account },
      queueStorage: { kind: 'connectionString', connectionString: account },
      applicationInsights: { instrumentationKey: guid, trackUrl: 'https://weu.example/v2.1/track' },
      openTelemetry: false,
      identity: { kind: 'managed', clientId: guid },
      statusPageAuth: 'anonymous',
      outcomeRetentionDays: 30,
    });
  });

  it('use the region of the app as the location by default', () => {
    expect(settingsOf({ REGION_NAME: 'West Europe' }).location).toBe('West Europe');
  });

  it.each(['Authorization=AAD', `ClientId=${guid};Authorization=AAD`, `Authorization=AAD;ClientId=${guid}`])(
    'send telemetry with a token when configured: %s',
    (authenticationString) => {
      const settings = settingsOf({
        APPLICATIONINSIGHTS_CONNECTION_STRING: telemetry,
        APPLICATIONINSIGHTS_AUTHENTICATION_STRING: authenticationString,
      });

      expect(settings.applicationInsights?.tokenScope).toBe('https://monitor.azure.com/.default');
    },
  );

  it('send OpenTelemetry when a collector is named, and report one that is not a URL', () => {
    expect(settingsOf({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' }).openTelemetry).toBe(true);
    expect(parseSettings({ OTEL_EXPORTER_OTLP_ENDPOINT: 'collector' })).toMatchObject({
      kind: 'invalid',
      errors: [{ path: 'OTEL_EXPORTER_OTLP_ENDPOINT' }],
    });
  });

  it('name each setting once', () => {
    expect(new Set(settingNames).size).toBe(settingNames.length);
    expect(settingNames).toContain('OutcomesStorage__tableServiceUri');
  });
});

describe('a storage connection', () => {
  it.each<[string, Readonly<Record<string, string>>, object | undefined, object | undefined]>([
    ['is absent if nothing is set', { OutcomesStorage__clientId: guid }, undefined, undefined],
    [
      'may be the emulator',
      { AzureWebJobsStorage: 'UseDevelopmentStorage=true' },
      { kind: 'connectionString', connectionString: 'UseDevelopmentStorage=true' },
      { kind: 'connectionString', connectionString: 'UseDevelopmentStorage=true' },
    ],
    [
      'may be an account by its name, with managed identity',
      { AzureWebJobsStorage__accountName: 'account', AzureWebJobsStorage__credential: 'managedidentity' },
      { kind: 'identity', endpoint: 'https://account.table.core.windows.net' },
      { kind: 'identity', endpoint: 'https://account.queue.core.windows.net' },
    ],
    [
      'may be one of outcomes only, and then the queue stays in the app account',
      {
        OutcomesStorage__tableServiceUri: 'https://o.table.core.usgovcloudapi.net/',
        OutcomesStorage__clientId: guid,
        AzureWebJobsStorage: account,
      },
      { kind: 'identity', endpoint: 'https://o.table.core.usgovcloudapi.net', clientId: guid },
      { kind: 'connectionString', connectionString: account },
    ],
    [
      "uses the app's identity by default",
      { OutcomesStorage__tableServiceUri: 'https://o.table.core.windows.net', AZURE_CLIENT_ID: guid },
      { kind: 'identity', endpoint: 'https://o.table.core.windows.net', clientId: guid },
      undefined,
    ],
    [
      'is the connection string if both forms are set, as in the host',
      { OutcomesStorage: account, OutcomesStorage__accountName: 'other' },
      { kind: 'connectionString', connectionString: account },
      undefined,
    ],
    [
      'may be a shared access signature',
      { OutcomesStorage: 'TableEndpoint=https://a.table.core.windows.net;SharedAccessSignature=sv=1&sig=x' },
      {
        kind: 'connectionString',
        connectionString: 'TableEndpoint=https://a.table.core.windows.net;SharedAccessSignature=sv=1&sig=x',
      },
      undefined,
    ],
  ])('%s', (_, environment, outcomesStorage, queueStorage) => {
    const settings = settingsOf(environment);

    expect(settings.outcomesStorage).toEqual(outcomesStorage);
    expect(settings.queueStorage).toEqual(queueStorage);
  });

  it.each([
    ['without a suffix, as the host accepts it', 'DefaultEndpointsProtocol=https;AccountName=account;AccountKey=a2V5'],
    ['with blanks and an empty field', ` DefaultEndpointsProtocol=https ; AccountName=account;; AccountKey = a2V5==;`],
    ['of Azurite', 'UseDevelopmentStorage=true;'],
    [
      'with endpoints',
      'DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey=a2V5;TableEndpoint=http://127.0.0.1:10002/devstoreaccount1;QueueEndpoint=http://127.0.0.1:10001/devstoreaccount1',
    ],
    [
      'with a shared access signature',
      'QueueEndpoint=https://a.queue.core.windows.net/;TableEndpoint=https://a.table.core.windows.net/;SharedAccessSignature=sv=1&sig=x%3D',
    ],
  ])('%s, is one that the clients accept too', (_, text) => {
    const { outcomesStorage, queueStorage } = settingsOf({ AzureWebJobsStorage: text });
    if (outcomesStorage?.kind !== 'connectionString' || queueStorage?.kind !== 'connectionString') throw new Error();
    const options = { allowInsecureConnection: true };
    const urls = [
      TableClient.fromConnectionString(outcomesStorage.connectionString, 'outcomes', options).url,
      new QueueClient(queueStorage.connectionString, 'batches').url,
    ];
    expect(urls).toEqual([expect.stringMatching(/^https?:\/\/[a-z0-9.]+/), expect.stringMatching(/\/batches/)]);
  });
});

describe('one error of a setting, in the words that people see', () => {
  const vault = 'expected the https URL of a key vault, as in https://NAME.vault.azure.net, without a path';
  it.each<[string, string, string]>([
    ['KEY_VAULT_URL', 'http://v.vault.azure.net', vault],
    ['KEY_VAULT_URL', 'https://v.vault.azure.net/secrets/s', vault],
    ['KEY_VAULT_URL', 'v', vault],
    ['KEY_VAULT_URL', 'https://[v', vault],
    ['KEY_VAULT_URL', 'https://v:99999', vault],
    ['KEY_VAULT_URL', 'https://v:0', vault],
    ['KEY_VAULT_URL', 'https://v..vault.azure.net', vault],
    ['KEY_VAULT_URL', 'https://me:secret@v.vault.azure.net', vault],
    [
      'OTEL_EXPORTER_OTLP_ENDPOINT',
      'ftp://collector',
      'expected the http or https URL of an OTLP collector, as in https://collector:4318',
    ],
    [
      'OTEL_EXPORTER_OTLP_ENDPOINT',
      'https://collector:0',
      'expected the http or https URL of an OTLP collector, as in https://collector:4318',
    ],
    [
      'OTEL_EXPORTER_OTLP_ENDPOINT',
      'https://me:secret@collector',
      'expected a URL without user name and password: use OTEL_EXPORTER_OTLP_HEADERS',
    ],
    ['REGION_NAME', 'west\u202eeurope', 'expected printable characters only'],
    ['REGION_NAME', 'x'.repeat(65), 'expected at most 64 characters, got 65'],
    ['PROBE_LOCATIONS', `westeurope,${'x'.repeat(65)}`, 'expected names of at most 64 characters, separated by commas'],
    ['PROBE_LOCATION', 'we\u0000u', 'expected printable characters only'],
    [
      'KEY_VAULT_URL',
      reference,
      "a Key Vault reference that App Service could not resolve. Check that the app's identity may read the secret",
    ],
    [
      'PROBE_SCHEDULE',
      '*/5 * * * *',
      'expected six fields (second, minute, hour, day of month, month, day of week), as in "0 */5 * * * *", not 5',
    ],
    ['PROBE_LOCATION', 'x'.repeat(65), 'expected at most 64 characters, got 65'],
    ['OutcomesStorage', 'AccountKey=a2V5', noStorage],
    ['AzureWebJobsStorage', 'account', noStorage],
    ['OutcomesStorage', account.replace('https', 'ftp'), 'expected DefaultEndpointsProtocol to be http or https'],
    [
      'OutcomesStorage',
      account.replace('AccountName=account', 'AccountName=A-b'),
      'expected AccountName to be 3 to 24 lower-case letters and digits',
    ],
    ['OutcomesStorage', account.replace('a2V5', '???'), 'expected AccountKey to be base64'],
    [
      'OutcomesStorage',
      account.replace('core.windows', 'core windows'),
      'expected EndpointSuffix to be a host name, as in core.windows.net',
    ],
    ...['here', 'ftp://a', 'https://u:p@a', 'https://a?b', 'https://a#b', 'https://a:0', 'https://a..b'].map(
      (url): [string, string, string] => [
        'OutcomesStorage',
        `${account};TableEndpoint=${url}`,
        'expected TableEndpoint to be an http or https URL without user name and query',
      ],
    ),
    [
      'OutcomesStorage',
      'TableEndpoint=https://custom.example;SharedAccessSignature=sv=1',
      'expected TableEndpoint to name the account, as in https://NAME.table.core.windows.net',
    ],
    ['OutcomesStorage', `${account};AccountName=other`, 'expected each field of the connection string once'],
    [
      'OutcomesStorage',
      account.replace('core.windows', 'core..windows'),
      'expected EndpointSuffix to be a host name, as in core.windows.net',
    ],
    [
      'OutcomesStorage',
      'UseDevelopmentStorage=true;DevelopmentStorageProxyUri=http://127.0.0.1',
      'expected nothing after UseDevelopmentStorage=true: the client of tables would ignore it',
    ],
    ['OutcomesStorage', 'QueueEndpoint=https://a;SharedAccessSignature=sv=1', 'required, but missing: TableEndpoint'],
    ['OutcomesStorage', 'UseDevelopmentStorage=truely', noStorage],
    [
      'OutcomesStorage__accountName',
      'My-Account',
      'expected the name of a storage account: 3 to 24 lower-case letters and digits',
    ],
    ['OutcomesStorage__tableServiceUri', 'http://a', 'expected the https URL of a table service, without a path'],
    ['OutcomesStorage__credential', 'secret', 'expected managedidentity'],
    ['OutcomesStorage__clientId', 'me', 'expected the client ID of a user-assigned identity, a GUID'],
    ['APPLICATIONINSIGHTS_CONNECTION_STRING', 'IngestionEndpoint=https://weu.example/', noTelemetry],
    ['APPLICATIONINSIGHTS_CONNECTION_STRING', 'InstrumentationKey=1', noTelemetry],
    [
      'APPLICATIONINSIGHTS_AUTHENTICATION_STRING',
      'AAD',
      'expected Authorization=AAD, and for a user-assigned identity ClientId=GUID;Authorization=AAD',
    ],
    ['AZURE_CLIENT_ID', 'me', 'expected the client ID of a user-assigned identity, a GUID'],
    ['STATUS_PAGE_AUTH', 'none', 'expected function or anonymous, got something else'],
    [
      'WEBHOOK_KEY_SECRET',
      'chat-key',
      'expected WEBHOOK_URL_SECRET as well: the key signs what is posted to that address',
    ],
    ['OUTCOME_RETENTION_DAYS', '0', 'expected at least 1, got 0'],
    ['OUTCOME_RETENTION_DAYS', '4000', 'expected at most 3650, got 4000'],
    ['OUTCOME_RETENTION_DAYS', '1.5', 'expected a whole number of days'],
    ['OUTCOME_RETENTION_DAYS', 'forever', 'expected a whole number of days'],
  ])('%s: %s', (name, value, message) => {
    expect(linesOf({ [name]: value })).toBe(`${name}: ${message}`);
  });

  it('names the endpoint that a connection by identity lacks', () => {
    expect(linesOf({ AzureWebJobsStorage__blobServiceUri: 'https://a.blob.core.windows.net' })).toBe(
      "AzureWebJobsStorage__tableServiceUri: required, but missing: the URL of the account's table service\n" +
        "AzureWebJobsStorage__queueServiceUri: required, but missing: the URL of the account's queue service",
    );
  });

  it.each(Object.entries(sampleSecrets))('never repeats the value: %s', (_, secret) => {
    const text = linesOf(Object.fromEntries(settingNames.map((name) => [name, secret])));

    expect(text).not.toContain(secret.slice(secret.length / 2).slice(0, 15));
  });
});
