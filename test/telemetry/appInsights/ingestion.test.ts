import { describe, expect, it } from 'vitest';
import { timeSpan } from '../../../src/telemetry/appInsights/availabilityEnvelope.ts';
import { parseIngestion } from '../../../src/telemetry/appInsights/ingestion.ts';
import { parseTraceParent } from '../../../src/telemetry/otlp/traceParent.ts';

const key = '0a1b2c3d-0000-4000-8000-00000000beef';

describe('parseIngestion', () => {
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
    expect(parseIngestion(connectionString)).toEqual({ instrumentationKey: key, trackUrl });
  });

  it.each([
    ['Authorization=AAD', {}, 'https://monitor.azure.com/.default'],
    ['ClientId=abc;Authorization=aad', { clientId: 'abc' }, 'https://monitor.azure.com/.default'],
  ])('asks for a token with %s', (authenticationString, clientId, tokenScope) => {
    expect(parseIngestion(`InstrumentationKey=${key}`, authenticationString)).toMatchObject({
      tokenScope,
      ...clientId,
    });
  });

  it('takes the audience of another cloud from the connection string', () => {
    const connectionString = `InstrumentationKey=${key};AADAudience=https://monitor.azure.cn/.default`;
    expect(parseIngestion(connectionString, 'Authorization=AAD').tokenScope).toBe('https://monitor.azure.cn/.default');
  });

  it.each([
    ['', '', 'APPLICATIONINSIGHTS_CONNECTION_STRING: expected InstrumentationKey=, and after it a UUID'],
    [
      'InstrumentationKey=beef',
      '',
      'APPLICATIONINSIGHTS_CONNECTION_STRING: expected InstrumentationKey=, and after it a UUID',
    ],
    [
      `InstrumentationKey=${key};IngestionEndpoint=http://example.com`,
      '',
      'APPLICATIONINSIGHTS_CONNECTION_STRING: expected IngestionEndpoint= to be an https URL',
    ],
    [
      `InstrumentationKey=${key};IngestionEndpoint=beef`,
      '',
      'APPLICATIONINSIGHTS_CONNECTION_STRING: expected IngestionEndpoint= to be an https URL',
    ],
    [
      `InstrumentationKey=${key}`,
      'beef',
      'APPLICATIONINSIGHTS_AUTHENTICATION_STRING: expected Authorization=AAD, and ClientId= beside it',
    ],
  ])('refuses %j with %j, and quotes neither', (connectionString, authenticationString, message) => {
    const parse = () => parseIngestion(connectionString, authenticationString);
    expect(parse).toThrow(message);
    expect(parse).not.toThrow('beef');
  });
});

describe('timeSpan', () => {
  it.each([
    [0, '00:00:00.0000000'],
    [3412.5, '00:00:03.4125000'],
    [0.00005, '00:00:00.0000001'],
    [3_599_999.99999, '01:00:00.0000000'],
    [90_061_001, '1.01:01:01.0010000'],
  ])('writes %d ms as %s', (durationMs, text) => {
    expect(timeSpan(durationMs)).toBe(text);
  });
});

describe('parseTraceParent', () => {
  it('reads a traceparent header', () => {
    expect(parseTraceParent('00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01')).toEqual({
      traceId: '0af7651916cd43dd8448eb211c80319c',
      spanId: 'b7ad6b7169203331',
      sampled: true,
    });
    expect(parseTraceParent('00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00')?.sampled).toBe(false);
  });

  it.each([
    undefined,
    '',
    'nonsense',
    '00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01',
    '00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01',
  ])('finds none in %j', (header) => expect(parseTraceParent(header)).toBeUndefined());
});
