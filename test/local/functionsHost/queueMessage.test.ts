import type { DequeuedMessageItem } from '@azure/storage-queue';
import { describe, expect, it } from 'vitest';
import {
  decodeMessage,
  encodeMessage,
  toTriggerMetadata,
} from '../../../src/local/functionsHost/queue/queueMessage.ts';

const message: DequeuedMessageItem = {
  messageId: 'the-id',
  popReceipt: 'the-receipt',
  dequeueCount: 2,
  messageText: '',
  insertedOn: new Date('2026-11-24T01:00:00Z'),
  expiresOn: new Date('2026-12-01T01:00:00Z'),
  nextVisibleOn: new Date('2026-11-24T01:10:00Z'),
};

describe('toTriggerMetadata', () => {
  it('names what the real host names', () => {
    expect(toTriggerMetadata(message, 'plain text')).toEqual({
      QueueTrigger: { string: 'plain text' },
      DequeueCount: { int: 2 },
      ExpirationTime: { json: '"2026-12-01T01:00:00+00:00"' },
      Id: { string: 'the-id' },
      InsertionTime: { json: '"2026-11-24T01:00:00+00:00"' },
      NextVisibleTime: { json: '"2026-11-24T01:10:00+00:00"' },
      PopReceipt: { string: 'the-receipt' },
    });
  });

  it('replaces its own properties by those of the body, whatever their case', () => {
    const metadata = toTriggerMetadata(
      message,
      '{"id":"theirs","dequeuecount":9,"extra":true,"nested":{"a":1},"list":[1],"none":null}',
    );
    expect(metadata).toMatchObject({
      Id: { string: 'theirs' },
      DequeueCount: { string: '9' },
      extra: { string: 'True' },
      nested: { json: '{"a":1}' },
      PopReceipt: { string: 'the-receipt' },
    });
    expect(Object.keys(metadata)).not.toContain('list');
    expect(Object.keys(metadata)).not.toContain('none');
  });

  it.each(['[{"id":"theirs"}]', '"id"', '{broken'])('uses nothing from %s, which is not a JSON object', (text) => {
    expect(Object.keys(toTriggerMetadata(message, text))).toHaveLength(7);
  });
});

describe('decodeMessage', () => {
  it.each([
    ['none', 'as it is', 'as it is'],
    ['base64', Buffer.from('héllo').toString('base64'), 'héllo'],
    ['base64', '{"plain":1}', undefined],
  ] as const)('in the encoding %s reads %s as %s', (encoding, text, expected) => {
    expect(decodeMessage(text, encoding)).toBe(expected);
  });

  it('reads what encodeMessage wrote', () => {
    expect(decodeMessage(encodeMessage('ünïcode', 'base64'), 'base64')).toBe('ünïcode');
  });
});
