import { type Profiler, Session } from 'node:inspector/promises';
import { relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { type Probe, probeSchema } from '../src/config/probe.ts';
import { createDeviceLeases } from '../src/probes/deviceLease.ts';
import { runDueProbes } from '../src/probes/runDueProbes.ts';
import { projectDirectory } from './projectFiles.ts';
import { type RunningEmulator, startEmulator } from './startEmulator.ts';

const sources = pathToFileURL(`${projectDirectory}src/`).href;
const key = Buffer.from('the key of the device').toString('base64');
const attestation = { type: 'symmetricKey', symmetricKey: { primaryKey: key } };

/**
 * The files of `src` whose functions execute in one scheduled run of one probe with a symmetric key, from `runDueProbes` to the outcome:
 * what a reader has to know of the main path. Loading a module does not count. Measured with V8's coverage of this process.
 */
export async function filesOfOneRun(): Promise<readonly string[]> {
  const emulator = await startEmulator({
    retryAfterSeconds: 0,
    individualEnrollments: [{ registrationId: 'device', attestation }],
  });
  const session = new Session();
  session.connect();
  try {
    const probe = probeOf(emulator);
    await session.post('Profiler.enable');
    await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false });
    await runOnce(probe);
    const { result } = await session.post('Profiler.takePreciseCoverage');
    return result
      .filter(({ url, functions }) => url.startsWith(sources) && functions.some(isExecutedFunction))
      .map(({ url }) => relative(projectDirectory, fileURLToPath(url)))
      .toSorted();
  } finally {
    session.disconnect();
    await emulator.close();
  }
}

/** V8 reports a module's own code as a function without a name that begins at offset 0. */
function isExecutedFunction({ functionName, ranges: [range] }: Profiler.FunctionCoverage): boolean {
  return range !== undefined && range.count > 0 && !(functionName === '' && range.startOffset === 0);
}

function probeOf({ mqtts }: RunningEmulator): Probe {
  return probeSchema.parse({
    name: 'probe',
    idScope: '0neLOCAL',
    registrationId: 'device',
    attestation: { type: 'symmetricKey', secret: 'key' },
    globalDeviceEndpoint: `localhost:${mqtts}`,
  });
}

async function runOnce(probe: Probe): Promise<void> {
  const verdicts: string[] = [];
  const context = {
    readSecret: async () => ({ kind: 'found', value: key }) as const,
    forgetSecret: () => undefined,
    location: 'local',
    trigger: 'timer',
    leases: createDeviceLeases(undefined),
    sinks: [{ name: 'list', write: async ({ verdict }: { verdict: string }) => void verdicts.push(verdict) }],
    reportSinkError: () => undefined,
    reportUnexpected: (stack: string) => console.error(stack),
  } as const;
  await runDueProbes([probe], context, { startsPerSecond: 10, lengthMs: 60_000 }, console.error);
  if (verdicts.join() !== 'healthy') throw new Error(`expected one healthy run, got ${verdicts.join() || 'none'}`);
}
