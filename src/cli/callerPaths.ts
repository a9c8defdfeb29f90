import { resolve } from 'node:path';

/** npm runs scripts in the package's folder. INIT_CWD is the caller's directory, to which relative paths refer. */
export function fromCaller(path: string): string {
  return resolve(process.env.INIT_CWD ?? '.', path);
}

/** The path in LOCAL_SECRETS_FILE. */
export function localSecretsFile(): string | undefined {
  const path = process.env.LOCAL_SECRETS_FILE?.trim();
  return path ? fromCaller(path) : undefined;
}

/** Makes the paths in settings absolute for the processes that this one starts. */
export function resolvePathSettings(): void {
  for (const name of ['PROBES_FILE', 'LOCAL_SECRETS_FILE']) {
    const path = process.env[name]?.trim();
    if (path) process.env[name] = fromCaller(path);
  }
}
