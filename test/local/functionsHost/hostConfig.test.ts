import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { parseHostConfig } from '../../../src/local/functionsHost/hostConfig.ts';

describe('parseHostConfig', () => {
  it('has the defaults of the real host', () => {
    expect(parseHostConfig({ version: '2.0' }, 'host.json')).toEqual({
      functionTimeoutMs: 1_800_000,
      logLevels: {},
      routePrefix: 'api',
      queues: {
        batchSize: 16,
        newBatchThreshold: 8,
        maxDequeueCount: 5,
        maxPollingIntervalMs: 60_000,
        visibilityTimeoutMs: 0,
        messageEncoding: 'base64',
      },
    });
  });

  it('reads the host.json of the product', async () => {
    const json = JSON.parse(await readFile(new URL('../../../host.json', import.meta.url), 'utf8'));
    expect(parseHostConfig(json, 'host.json')).toMatchObject({
      functionTimeoutMs: 600_000,
      logLevels: { default: 'warning', Function: 'information' },
      queues: { batchSize: 1, newBatchThreshold: 0, messageEncoding: 'none', maxPollingIntervalMs: 5_000 },
    });
  });

  it.each([
    ['00:00:05', 5_000],
    ['1.02:03:04.5', 93_784_500],
    ['00:00:00.2', 200],
  ])('reads the time span %s as %d ms', (functionTimeout, expectedMs) => {
    expect(parseHostConfig({ version: '2.0', functionTimeout }, 'host.json').functionTimeoutMs).toBe(expectedMs);
  });

  it.each([
    ['an older version', { version: '1.0' }, '  version: Invalid input: expected "2.0"'],
    [
      'a number for a time span',
      { version: '2.0', extensions: { queues: { visibilityTimeout: 5 } } },
      '  extensions.queues.visibilityTimeout: Invalid input: expected string, received number',
    ],
    [
      'a time span in words',
      { version: '2.0', functionTimeout: 'ten minutes' },
      '  functionTimeout: "ten minutes" is not a time span: expected hh:mm:ss, for example "00:00:05"',
    ],
    [
      'too large a batch',
      { version: '2.0', extensions: { queues: { batchSize: 33 } } },
      '  extensions.queues.batchSize: Too big: expected number to be <=32',
    ],
  ])('refuses %s in a sentence that names the file and the field', (_fault, json, expected) => {
    expect(() => parseHostConfig(json, '/app/host.json')).toThrow(`/app/host.json has errors:\n${expected}`);
  });
});
