import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { findProgram, requires } from './requires.ts';

afterEach(() => void vi.unstubAllEnvs());

/** A folder with these programs, which is all that PATH names. */
function pathWith(...programs: readonly string[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'path-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const program of programs) {
    writeFileSync(join(folder, program), '#!/bin/sh\n');
    chmodSync(join(folder, program), 0o755);
  }
  vi.stubEnv('PATH', folder);
  vi.stubEnv('REQUIRED_PROGRAMS', '');
  vi.stubEnv('CHROME_PATH', undefined);
  return folder;
}

describe('what a test requires', () => {
  it.each(['chromium', 'prometheus', 'promtool', 'openssl'] as const)(
    'skips when %s is hidden, and reports how to install it',
    (program) => {
      pathWith();
      expect(requires(program)).toEqual({
        skip: true,
        meta: {
          skippedBecause: expect.stringMatching(new RegExp(`^${program} is not installed: apt-get install \\w+`)),
        },
      });
    },
  );

  it('runs if the program is on PATH, under any of its names', () => {
    const folder = pathWith('google-chrome', 'promtool');
    expect(requires('chromium', 'promtool')).toEqual({ skip: false, meta: {} });
    expect(findProgram('chromium')).toBe(join(folder, 'google-chrome'));
  });

  it('uses only the browser that CHROME_PATH names', () => {
    const folder = pathWith('chromium', 'my-chrome');
    vi.stubEnv('CHROME_PATH', join(folder, 'my-chrome'));
    expect(findProgram('chromium')).toBe(join(folder, 'my-chrome'));
    vi.stubEnv('CHROME_PATH', join(folder, 'gone'));
    expect(findProgram('chromium')).toBeUndefined();
  });

  it('does not skip for a missing program that .ci/run has found, which is an error of the setup', () => {
    pathWith();
    vi.stubEnv('REQUIRED_PROGRAMS', ' chromium openssl');
    expect(requires('chromium', 'openssl').skip).toBe(false);
    expect(requires('chromium', 'promtool').skip).toBe(true);
  });

  it('runs large fleets only if LARGE is set', () => {
    vi.stubEnv('LARGE', '');
    expect(requires('large')).toMatchObject({
      skip: true,
      meta: { skippedBecause: expect.stringContaining('LARGE=1') },
    });
    vi.stubEnv('LARGE', '1');
    expect(requires('large').skip).toBe(false);
  });
});
