import { describe, expect, it } from 'vitest';
import { createOnce } from '../../src/identity/createOnce.ts';

describe('createOnce', () => {
  it('creates one connection for all callers, also for concurrent ones', async () => {
    let made = 0;
    const connection = createOnce(async () => {
      made += 1;
      return made;
    });
    expect(await Promise.all([connection(), connection()])).toEqual([1, 1]);
    expect(await connection()).toBe(1);
  });

  it('does not cache a failure: the next call tries again', async () => {
    let attempts = 0;
    const connection = createOnce(async () => {
      attempts += 1;
      if (attempts === 1) throw new Error('not yet');
      return attempts;
    });
    await expect(connection()).rejects.toThrow('not yet');
    expect(await connection()).toBe(2);
  });

  it('returns the newer connection if an older attempt fails after forget', async () => {
    const attempts = [Promise.withResolvers<string>(), Promise.withResolvers<string>()] as const;
    let made = 0;
    const connection = createOnce(() => attempts[made++ === 0 ? 0 : 1].promise);
    const first = connection();
    connection.forget();
    const second = connection();
    attempts[0].reject(new Error('too late'));
    attempts[1].resolve('second');
    await expect(first).rejects.toThrow('too late');
    expect(await second).toBe('second');
    expect(await connection()).toBe('second');
    expect(made).toBe(2);
  });
});
