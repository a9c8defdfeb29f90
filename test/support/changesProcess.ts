import { existsSync, globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** What changes the whole process, or counts everything that is open in it, which includes what other test files have opened. */
const processWide =
  /process\.env(\.\w+|\[[^\]]+\]) = |Object\.assign\(process\.env|delete process\.env|vi\.stubEnv|vi\.stubGlobal|setDefaultCACertificates|getActiveResourcesInfo|process\.chdir/;

/**
 * The test files, by whether they or a module of `test` that they import change or measure the process in which they run. Those get a
 * process of their own. The others share the processes, so that each module is loaded once in a process and not once for each file.
 */
export function testFilesByNeed(root: string): {
  readonly alone: readonly string[];
  readonly together: readonly string[];
} {
  const trustedByAll = join(root, 'test/support/trustedAuthority.ts');
  const known = new Map<string, boolean>();
  function isProcessWide(file: string): boolean {
    const before = known.get(file);
    if (before !== undefined) return before;
    known.set(file, false);
    const text = readFileSync(file, 'utf8');
    const imports = [...text.matchAll(/^(?:import|export) (?!type )[^;]*?'(\.[^']+\.ts)'/gm)]
      .map(([, path = '']) => resolve(file, '..', path))
      .filter((path) => path.startsWith(join(root, 'test')) && path !== trustedByAll && existsSync(path));
    const isWide = processWide.test(text) || imports.some(isProcessWide);
    known.set(file, isWide);
    return isWide;
  }
  const files = globSync('test/**/*.test.ts', { cwd: root });
  const { alone = [], together = [] } = Object.groupBy(files, (file) =>
    isProcessWide(join(root, file)) ? 'alone' : 'together',
  );
  return { alone, together };
}
