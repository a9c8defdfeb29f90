import { describe, expect, it } from 'vitest';
import { probeSchema } from '../../src/config/probe.ts';
import { deviceOf, inTurn } from '../../src/probes/deviceLease.ts';
import { probeJson } from '../support/probeJson.ts';

describe('the turns of a device', () => {
  it('come one after the other, in the order in which they were asked for', async () => {
    const events: string[] = [];
    const turn = (name: string) => async () => {
      events.push(`${name} begins`);
      await Promise.resolve();
      events.push(`${name} ends`);
      return name;
    };
    const results = await Promise.all([inTurn('one', turn('a')), inTurn('one', turn('b')), inTurn('one', turn('c'))]);
    expect(results).toEqual(['a', 'b', 'c']);
    expect(events).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
  });

  it('go on after one that failed, which only its own caller hears of', async () => {
    const failing = inTurn('one', () => Promise.reject(new Error('broken')));
    const next = inTurn('one', async () => 'fine');
    await expect(failing).rejects.toThrow('broken');
    await expect(next).resolves.toBe('fine');
  });

  it('do not wait for another device', async () => {
    const { promise: never, resolve } = Promise.withResolvers<void>();
    const waiting = inTurn('one', () => never);
    await expect(inTurn('other', async () => 'fine')).resolves.toBe('fine');
    resolve();
    await waiting;
  });
});

it('is the same device whatever the case of its registrationId, and another one in another scope', () => {
  const device = (changes: object) => deviceOf(probeSchema.parse(probeJson({ ...changes })));
  expect(device({ registrationId: 'Canary-001' })).toBe(device({ registrationId: 'canary-001', name: 'other' }));
  expect(device({ idScope: '0ne00000001' })).not.toBe(device({}));
});
