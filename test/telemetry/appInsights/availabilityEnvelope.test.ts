import { describe, expect, it } from 'vitest';
import { timeSpan } from '../../../src/telemetry/appInsights/availabilityEnvelope.ts';
import { parseTraceParent } from '../../../src/telemetry/traceParent.ts';

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
