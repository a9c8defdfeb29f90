import { resolve } from 'node:path';

/** npm runs scripts in the package's folder; INIT_CWD is where it was called, and what relative paths are meant from. */
export function fromCaller(path: string): string {
  return resolve(process.env.INIT_CWD ?? '.', path);
}

const pathSettings = ['PROBES_FILE', 'LOCAL_SECRETS_FILE'];

/** Makes the paths in settings absolute, for this process and those that it starts. */
export function resolvePathSettings(): void {
  for (const name of pathSettings) {
    const path = process.env[name]?.trim();
    if (path) process.env[name] = fromCaller(path);
  }
}
