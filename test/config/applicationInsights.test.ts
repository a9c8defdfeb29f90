import { describe, expect, it } from 'vitest';
import { parseSettings } from '../../src/config/settings.ts';
import { ingestionOf } from '../support/ingestionOf.ts';

const key = '0a1b2c3d-0000-4000-8000-00000000beef';

describe('the settings of Application Insights', () => {
  it.each([
    [`InstrumentationKey=${key}`, 'https://dc.services.visualstudio.com/v2.1/track'],
    [
      `InstrumentationKey=${key};IngestionEndpoint=https://weu-5.in.applicationinsights.azure.com/`,
      'https://weu-5.in.applicationinsights.azure.com/v2.1/track',
    ],
    [`instrumentationkey=${key};ingestionendpoint=http://127.0.0.1:9000;`, 'http://127.0.0.1:9000/v2.1/track'],
    [`InstrumentationKey=${key};EndpointSuffix=ai.contoso.com`, 'https://dc.ai.contoso.com/v2.1/track'],
    [
      `InstrumentationKey=${key};EndpointSuffix=ai.contoso.com;Location=weu`,
      'https://weu.dc.ai.contoso.com/v2.1/track',
    ],
  ])('reads %s', (connectionString, trackUrl) => {
    expect(ingestionOf(connectionString)).toEqual({ instrumentationKey: key, trackUrl });
  });

  it.each([
    ['Authorization=AAD', {}, 'https://monitor.azure.com/.default'],
    [
      'ClientId=0a1b2c3d-0000-4000-8000-00000000beef;Authorization=aad',
      { clientId: key },
      'https://monitor.azure.com/.default',
    ],
  ])('asks for a token with %s', (authenticationString, clientId, tokenScope) => {
    expect(ingestionOf(`InstrumentationKey=${key}`, authenticationString)).toMatchObject({
      tokenScope,
      ...clientId,
    });
  });

  it('reads the audience of another cloud from the connection string', () => {
    const connectionString = `InstrumentationKey=${key};AADAudience=https://monitor.azure.cn/.default`;
    expect(ingestionOf(connectionString, 'Authorization=AAD').tokenScope).toBe('https://monitor.azure.cn/.default');
  });

  const connection = 'APPLICATIONINSIGHTS_CONNECTION_STRING';
  const authentication = 'APPLICATIONINSIGHTS_AUTHENTICATION_STRING';
  const noKey = `${connection}: expected the connection string of an Application Insights resource, with its InstrumentationKey`;
  const noEndpoint = `${connection}: expected IngestionEndpoint to be an https URL`;
  const noToken = `${authentication}: expected Authorization=AAD, and for a user-assigned identity ClientId=GUID;Authorization=AAD`;
  it.each([
    ['InstrumentationKey=beef', undefined, noKey],
    [`InstrumentationKey=${key};IngestionEndpoint=http://beef.example`, undefined, noEndpoint],
    [`InstrumentationKey=${key};IngestionEndpoint=ftp://beef.example`, undefined, noEndpoint],
    [`InstrumentationKey=${key};IngestionEndpoint=https://beef.example?x=1`, undefined, noEndpoint],
    [`InstrumentationKey=${key};IngestionEndpoint=https://[beef`, undefined, noEndpoint],
    [`InstrumentationKey=${key};IngestionEndpoint=beef`, undefined, noEndpoint],
    [`InstrumentationKey=${key};EndpointSuffix=be ef`, undefined, noEndpoint],
    [`InstrumentationKey=${key};AADAudience=beef`, undefined, `${connection}: expected AADAudience to be a URL`],
    [`InstrumentationKey=${key}`, 'beef', noToken],
    [`InstrumentationKey=${key}`, 'Authorization=AAD;ClientId=beef', noToken],
  ])('are an error of the configuration when they are %j with %j', (connectionString, authenticationString, line) => {
    const parsed = parseSettings({ [connection]: connectionString, [authentication]: authenticationString });
    const lines = parsed.kind === 'invalid' ? parsed.errors.map(({ path, message }) => `${path}: ${message}`) : [];
    expect(lines).toEqual([line]);
    expect(lines.join()).not.toContain('beef');
  });
});
