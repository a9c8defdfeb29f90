import { readFileSync } from 'node:fs';
import type { ConfigurationError } from './configurationErrors.ts';
import type { Environment } from './formats.ts';
import type { Probe } from './probe.ts';
import { type ParsedProbes, parseProbes } from './probes.ts';
import { defaultProbeSchedule, ownSettings, parseSettings, type Settings } from './settings.ts';

export type Configuration =
  | { readonly kind: 'valid'; readonly settings: Settings; readonly probes: readonly Probe[] }
  /** Every error of settings and probes together. */
  | { readonly kind: 'invalid'; readonly errors: readonly ConfigurationError[] };

/**
 * Reads settings and probes. No probes at all is valid: an app that has just been deployed has none yet.
 *
 * @param readFile text of the file at a path; throws as `readFileSync` does
 */
export function parseConfiguration(environment: Environment, readFile: (path: string) => string): Configuration {
  const parsedSettings = parseSettings(environment);
  const parsedProbes = readProbes(ownSettings(environment), readFile);
  if (parsedSettings.kind === 'valid' && parsedProbes.kind === 'valid') {
    return { kind: 'valid', settings: parsedSettings.settings, probes: parsedProbes.probes };
  }
  return {
    kind: 'invalid',
    errors: [parsedSettings, parsedProbes].flatMap((part) => (part.kind === 'invalid' ? part.errors : [])),
  };
}

function readProbes({ PROBES, PROBES_FILE }: Environment, readFile: (path: string) => string): ParsedProbes {
  if (PROBES !== undefined && PROBES_FILE !== undefined) {
    return invalid('PROBES_FILE', 'expected only one of PROBES and PROBES_FILE');
  }
  if (PROBES !== undefined) return parseProbes(PROBES, { root: 'PROBES' });
  if (PROBES_FILE === undefined) return { kind: 'valid', probes: [] };
  let text: string;
  try {
    text = readFile(PROBES_FILE);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? ` (${error.code})` : '';
    return invalid('PROBES_FILE', `expected the path of a file that can be read${code}`);
  }
  return parseProbes(text, { root: 'PROBES_FILE', file: PROBES_FILE });
}

function invalid(path: string, message: string): ParsedProbes {
  return { kind: 'invalid', errors: [{ path, message }] };
}

let memoised: Configuration | undefined;

/** The configuration of this process: read from its environment once, here and nowhere else. */
export function configuration(): Configuration {
  memoised ??= parseConfiguration(process.env, (path) => readFileSync(path, 'utf8'));
  return memoised;
}

/** For the timer trigger: the setting itself, which the host resolves, or the default where there is none to resolve. */
export function timerSchedule(): string {
  return ownSettings(process.env).PROBE_SCHEDULE === undefined ? defaultProbeSchedule : '%PROBE_SCHEDULE%';
}
