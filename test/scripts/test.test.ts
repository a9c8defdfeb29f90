import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { projectDirectory } from '../../scripts/projectFiles.ts';
import { closingLine } from '../../scripts/test.ts';

const run = promisify(execFile);

/** Runs the command on its own test files, in a folder from which `vitest` can be imported. */
async function testCommand(files: Readonly<Record<string, string>>, ...args: readonly string[]) {
  const output = join(projectDirectory, 'test/output');
  await mkdir(output, { recursive: true });
  const root = await mkdtemp(join(output, 'command-'));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  // Other names than those of real tests, or a run of all tests could find them here.
  const config = "export default { test: { include: ['*.case.ts'] } };";
  await writeFile(join(root, 'vitest.config.ts'), config);
  for (const [name, text] of Object.entries(files)) await writeFile(join(root, name), text);
  const command = [join(projectDirectory, 'scripts/test.ts'), '--root', root, ...args];
  const { VITEST: _, ...env } = process.env;
  const { code, stdout } = await run(process.execPath, command, { cwd: projectDirectory, env }).then(
    (done) => ({ code: 0, stdout: done.stdout }),
    (failed: { code: number; stdout: string }) => failed,
  );
  const skipped = stdout.split('\nSkipped:\n')[1]?.split('\n\n')[0]?.split('\n');
  return { code, lastLine: stdout.trimEnd().split('\n').at(-1), ...(skipped && { skipped }) };
}

const head = "import { beforeAll, describe, expect, it } from 'vitest';\n";

const twoFiles = { 'a.case.ts': `${head}it('one', () => {});`, 'b.case.ts': `${head}it('two', () => {});` };

// Each run first builds the app, which is slow on a busy machine.
describe('npm test', { timeout: 120_000 }, () => {
  it.each([
    [{ passed: 3, failed: 0, skipped: 0 }, '3 passed, 0 failed'],
    [{ passed: 0, failed: 1, skipped: 2 }, '0 passed, 1 failed, 2 skipped'],
  ])('counts %o as "%s"', (counts, line) => {
    expect(closingLine(counts)).toBe(line);
  });

  it('ends with a line of counts, and exit code 0 when all passed', async () => {
    const files = { 'good.case.ts': `${head}it('one', () => {}); it.skip('two', () => {});` };
    expect(await testCommand(files)).toEqual({
      code: 0,
      lastLine: '1 passed, 0 failed, 1 skipped',
      skipped: ['     1  not selected, or marked to be skipped in the test file'],
    });
  });

  it('lists what was skipped, why, and the command that changes it, the most tests first', async () => {
    const support = JSON.stringify(join(projectDirectory, 'test/support/requires.ts'));
    const files = {
      'tools.case.ts': `${head}import { requires } from ${support};
process.env.PATH = '/nowhere';
delete process.env.REQUIRED_PROGRAMS;
delete process.env.CHROME_PATH;
delete process.env.LARGE;
it('one', requires('promtool'), () => {});
describe('group', requires('chromium'), () => { it('two', () => {}); describe('inner', () => { it('three', () => {}); }); });
it('four', requires('large'), () => {});
it('five', (context) => context.skip('the network is away'));
it('six', requires(), () => {});`,
    };
    expect(await testCommand(files)).toEqual({
      code: 0,
      lastLine: '1 passed, 0 failed, 5 skipped',
      skipped: [
        '     2  chromium is not installed: apt-get install chromium, or set CHROME_PATH to a Chrome or Chromium',
        '     1  promtool is not installed: apt-get install prometheus',
        '     1  large fleets, which take minutes: LARGE=1 npm test, or npm run check',
        '     1  the network is away',
      ],
    });
  });

  it('fails when a test prints a planted secret, in whatever encoding', async () => {
    const support = JSON.stringify(join(projectDirectory, 'test/support/plantedSecrets.ts'));
    const files = {
      'leak.case.ts': `${head}import { plantedSecrets } from ${support};
it('one', () => { console.log('token: ' + encodeURIComponent(plantedSecrets.symmetricKey)); });`,
    };
    expect(await testCommand(files)).toEqual({ code: 1, lastLine: '1 passed, 1 failed' });
  });

  it('counts a failed test, a failed hook, a file that cannot be loaded and an unhandled rejection, and exits 1', async () => {
    const files = {
      'mixed.case.ts': `${head}it('one', () => {}); it('two', () => expect(1).toBe(2));
describe('group', () => { beforeAll(() => { throw new Error('hook'); }); it('three', () => {}); });`,
      'broken.case.ts': "import './gone.ts';",
      'stray.case.ts': `${head}it('four', () => { void Promise.reject(new Error('stray')); });`,
    };
    expect(await testCommand(files)).toEqual({
      code: 1,
      lastLine: '2 passed, 4 failed, 1 skipped',
      skipped: ['     1  a hook failed before them: hook'],
    });
  });

  it('passes arguments to vitest', async () => {
    expect(await testCommand(twoFiles, 'b.case')).toEqual({ code: 0, lastLine: '1 passed, 0 failed' });
  });

  it('treats a run without tests as a failure', async () => {
    expect(await testCommand(twoFiles, 'c.case')).toEqual({ code: 1, lastLine: '0 passed, 0 failed' });
  });
});
