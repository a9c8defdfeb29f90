import type { ConfigurationError } from './configurationErrors.ts';
import type { Environment } from './formats.ts';
import type { Probe } from './probe.ts';
import { type ErrorIn, type ParsedProbes, type ProbesSource, parseProbes } from './probes.ts';
import { decodeUtf8 } from './readJson.ts';
import { resolveLocations } from './registrationId.ts';
import { defaultProbeSchedule, ownSettings, parseSettings, type Settings } from './settings.ts';

export type Configuration =
  | {
      readonly kind: 'valid';
      readonly settings: Settings;
      readonly probes: readonly Probe[];
      readonly errorIn: ErrorIn;
    }
  /** All errors of settings and probes together. */
  | { readonly kind: 'invalid'; readonly errors: readonly ConfigurationError[] };

/** Returns a file's content, bytes in UTF-8 or text; throws as `readFileSync` does. */
type ReadFile = (path: string) => Uint8Array | string;

/**
 * Parses settings and probes. No probes is valid: a newly deployed app has none yet.
 *
 * @param probesFile replaces the probes of the environment
 */
export function parseConfiguration(environment: Environment, readFile: ReadFile, probesFile?: string): Configuration {
  const parsedSettings = parseSettings(environment);
  const parsedProbes =
    probesFile === undefined
      ? readProbes(ownSettings(environment), readFile)
      : readProbesFile(probesFile, { root: probesFile, file: probesFile }, readFile);
  if (parsedSettings.kind === 'valid' && parsedProbes.kind === 'valid') {
    const { settings } = parsedSettings;
    const { errorIn } = parsedProbes;
    const { probes, errors } = resolveLocations(parsedProbes.probes, settings.location);
    if (errors.length === 0) return { kind: 'valid', settings, probes, errorIn };
    return {
      kind: 'invalid',
      errors: errors.map(({ index, message }) => errorIn(index, 'registrationId', message)),
    };
  }
  return {
    kind: 'invalid',
    errors: [parsedSettings, parsedProbes].flatMap((part) => (part.kind === 'invalid' ? part.errors : [])),
  };
}

function readProbes({ PROBES, PROBES_FILE }: Environment, readFile: ReadFile): ParsedProbes {
  if (PROBES !== undefined && PROBES_FILE !== undefined) {
    return invalid('PROBES_FILE', 'expected only one of PROBES and PROBES_FILE');
  }
  if (PROBES_FILE !== undefined)
    return readProbesFile(PROBES_FILE, { root: 'PROBES_FILE', file: PROBES_FILE }, readFile);
  return parseProbes(PROBES ?? '[]', { root: 'PROBES' });
}

function readProbesFile(path: string, source: ProbesSource, readFile: ReadFile): ParsedProbes {
  let content: Uint8Array | string;
  try {
    content = readFile(path);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? ` (${error.code})` : '';
    return invalid(source.root, `expected the path of a file that can be read${code}`);
  }
  const text = typeof content === 'string' ? content : decodeUtf8(content);
  if (text === undefined) return invalid(source.root, 'expected a file in UTF-8: save it again in that encoding');
  return parseProbes(text, source);
}

function invalid(path: string, message: string): ParsedProbes {
  return { kind: 'invalid', errors: [{ path, message }] };
}

let memoised: Configuration | undefined;

/** The configuration of this process. Its environment is read only here, once. */
export function configuration(): Configuration {
  // An import of node:fs would load its streams and promises at every start, for a file that a deployed app rarely has.
  memoised ??= parseConfiguration(process.env, (path) => process.getBuiltinModule('fs').readFileSync(path));
  return memoised;
}

/** For the timer trigger: a reference to the setting, which the host resolves, or the default when it is not set. */
export function timerSchedule(): string {
  return ownSettings(process.env).PROBE_SCHEDULE === undefined ? defaultProbeSchedule : '%PROBE_SCHEDULE%';
}
