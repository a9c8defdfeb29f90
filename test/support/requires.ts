import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

declare module 'vitest' {
  interface TaskMeta {
    /** Why the test, or everything in the suite, is skipped here, and the command that changes it. `npm test` lists it. */
    skippedBecause?: string | undefined;
  }
}

/** Options of a test or a suite: `describe('…', requires('chromium'), () => …)`. */
export interface Requirement {
  readonly skip: boolean;
  readonly meta: { readonly skippedBecause?: string };
}

/** What a test may need beyond npm's packages: the programs by their names, the first that is found, and how to get one. */
const programs = {
  chromium: {
    names: ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome'],
    variable: 'CHROME_PATH',
    install: 'apt-get install chromium, or set CHROME_PATH to a Chrome or Chromium',
  },
  prometheus: { names: ['prometheus'], install: 'apt-get install prometheus' },
  promtool: { names: ['promtool'], install: 'apt-get install prometheus' },
  script: { names: ['script'], install: 'apt-get install bsdutils' },
  openssl: { names: ['openssl'], install: 'apt-get install openssl' },
} as const satisfies Record<string, Program>;

interface Program {
  readonly names: readonly string[];
  /** An environment variable that holds its path. */
  readonly variable?: string;
  readonly install: string;
}

export type Need = keyof typeof programs | 'large';

/** Skips if one of these is missing, except for what the machine is known to have (`mustHave`). */
export function requires(...needs: readonly Need[]): Requirement {
  const missing = needs.flatMap((need) => {
    if (need === 'large') return process.env.LARGE ? [] : [largeFleets];
    if (mustHave(need) || findProgram(need) !== undefined) return [];
    return [`${need} is not installed: ${programs[need].install}`];
  });
  return requirement(missing.length === 0, missing.join('; '));
}

const largeFleets = 'large fleets, which take minutes: LARGE=1 npm test, or npm run check';

export function requirement(isMet: boolean, reason: string): Requirement {
  return isMet ? { skip: false, meta: {} } : { skip: true, meta: { skippedBecause: reason } };
}

/** `.ci/run` names the programs that it found or installed. A test that does not find one of them fails instead of being skipped. */
export function mustHave(program: string): boolean {
  return (process.env.REQUIRED_PROGRAMS ?? '').split(' ').includes(program);
}

/** The path of an installed program. */
export function findProgram(program: keyof typeof programs): string | undefined {
  const { names, variable }: Program = programs[program];
  const named = variable === undefined ? undefined : process.env[variable];
  const folders = (process.env.PATH ?? '').split(delimiter).filter(Boolean);
  const paths = names.flatMap((name) => folders.map((folder) => join(folder, name)));
  return (named ? [named] : paths).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
