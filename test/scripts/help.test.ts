import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { projectDirectory } from '../../scripts/projectFiles.ts';
import { bareEnvironment } from '../support/bareEnvironment.ts';

const { scripts } = JSON.parse(readFileSync(join(projectDirectory, 'package.json'), 'utf8')) as {
  readonly scripts: Readonly<Record<string, string>>;
};
const commands = Object.entries(scripts).flatMap(([name, command]) => {
  const file = /^node (\S+\.ts)$/.exec(command)?.[1];
  return file === undefined ? [] : [{ name, file: join(projectDirectory, file) }];
});

/** Runs a command in an empty folder, so that what it writes is seen. */
function run(file: string, ...args: readonly string[]) {
  const folder = mkdtempSync(join(tmpdir(), 'help-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const env = { ...bareEnvironment(), TMPDIR: folder };
  const { status, stdout, stderr } = spawnSync(process.execPath, [file, ...args], {
    encoding: 'utf8',
    cwd: folder,
    env,
  });
  return { status, stdout, stderr, written: readdirSync(folder) };
}

describe.each(commands)('npm run $name', ({ name, file }) => {
  it('shows its usage with --help, exits 0 and does not run', () => {
    const { stdout, ...rest } = run(file, '--help');
    expect(rest).toEqual({ status: 0, stderr: '', written: [] });
    expect(stdout).toMatch(new RegExp(`^npm (run )?${name}\\b`));
  });

  it.skipIf(name === 'test')('names the unknown option and how to see the usage, and exits 2', () => {
    const { status, stdout, stderr } = run(file, '--no-such-option');
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain('--no-such-option');
    expect(stderr).toMatch(new RegExp(`\\bnpm (run )?${name}\\b`));
  });
});
