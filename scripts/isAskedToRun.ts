import { parseArgs } from 'node:util';

/**
 * For a command without arguments. `--help` prints its usage and nothing runs. Any other argument is an error: it is reported on stderr,
 * with exit code 2.
 */
export function isAskedToRun(usage: string): boolean {
  try {
    const { values } = parseArgs({ options: { help: { type: 'boolean' } } });
    if (values.help) console.log(usage);
    return !values.help;
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\n${usage}`);
    process.exitCode = 2;
    return false;
  }
}
