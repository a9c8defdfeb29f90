import { spawnSync } from 'node:child_process';

/** Whether a program is installed. In CI a missing one is a fault of the setup, so tests there do not skip. */
export function mayTestWith(command: string, versionArgument = '--version'): boolean {
  if (process.env.CI === 'true') return true;
  const found = spawnSync(command, [versionArgument], { stdio: 'ignore' }).error === undefined;
  if (!found) console.warn(`skipped what needs ${command}: it is not installed (Debian: apt-get install ${command})`);
  return found;
}
