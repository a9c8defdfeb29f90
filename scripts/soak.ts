/**
 * `npm run soak [-- --minutes N]`: registers devices without a pause, over both transports, with the hub and with injected faults, and
 * checks that memory, handles and descriptors do not grow.
 */
import { readdirSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { probeSchema } from '../src/config/probe.ts';
import { runProbe } from '../src/probes/runProbe.ts';
import { type RunningEmulator, startEmulator } from './startEmulator.ts';

const usage = `npm run soak [-- --minutes N]

  --minutes  how long (default 2)
  --help     this text
  Prints a line for each tenth of that time. Exit code: 0 memory, handles and descriptors stayed flat, 1 otherwise, 2 wrong usage.`;

setFlagsFromString('--expose-gc');
/** `last-resort` also releases the pages that V8 does not need, so that the rest of the process's memory can be seen. */
const collectGarbage: (options: { type: 'major'; flavor: 'last-resort' }) => void = runInNewContext('gc');

const devicesAtOnce = 20;
/** How much the heap after a garbage collection may vary between two measurements. */
const heapToleranceMb = 4;
/** Of OpenSSL, zlib and the allocator, which V8's heap does not show. A certificate that leaks with each run is 6 MB in a thousand runs. */
const processToleranceMb = 16;

const key = Buffer.from('the key of all devices of a soak run').toString('base64');
const group = { enrollmentGroupId: 'soak', attestation: { type: 'symmetricKey', symmetricKey: { primaryKey: key } } };
const faults = {
  'soak-0': 'throttled',
  'soak-1': { kind: 'reset', at: 'poll' },
  'soak-2': { kind: 'status', status: 500 },
  'soak-3': { kind: 'garbage', at: 'register' },
  'soak-4': { kind: 'close', at: 'subscribe' },
  'soak-5': { kind: 'silent', at: 'poll' },
};

interface Sample {
  readonly runs: number;
  readonly heapMb: number;
  /** Resident, V8's heap included. */
  readonly processMb: number;
  readonly handles: number;
  readonly descriptors: number | undefined;
}

async function soak(minutes: number): Promise<boolean> {
  // In a separate process, so that its memory is not measured.
  const emulator = await startEmulator({ retryAfterSeconds: 0, enrollmentGroups: [group], faults });
  const samples: Sample[] = [];
  const counts = new Map<string, number>();
  let runs = 0;
  try {
    for (let tenth = 0; tenth <= 10; tenth += 1) {
      // The first part is a warm-up: modules are loaded and caches are filled.
      const until = performance.now() + minutes * 6_000;
      const device = async (index: number) => {
        while (performance.now() < until) {
          const { result } = await runProbe(probeOf(emulator, index, runs), options(emulator));
          counts.set(result.kind, (counts.get(result.kind) ?? 0) + 1);
          runs += 1;
        }
      };
      await Promise.all(Array.from({ length: devicesAtOnce }, (_, index) => device(index)));
      const sample = await measure(runs);
      if (tenth > 0) samples.push(sample);
      console.log(describe(sample));
    }
  } finally {
    await emulator.close();
  }
  console.log([...counts].map(([kind, count]) => `${kind} ${count}`).join(', '));
  return isFlat(samples);
}

/** Each loop has its own device, because a second connection of a device closes the first one. */
function probeOf({ mqtts, wss, hub }: RunningEmulator, place: number, run: number) {
  const transport = run % 2 === 0 ? 'mqtt' : 'mqtt-ws';
  return probeSchema.parse({
    name: 'soak',
    idScope: '0neLOCAL',
    registrationId: `soak-${place}`,
    attestation: { type: 'symmetricKey', secret: 'key', enrollment: 'group' },
    globalDeviceEndpoint: `localhost:${transport === 'mqtt' ? mqtts : wss}`,
    transport,
    timeoutSeconds: `soak-${place}` in faults ? 1 : 20,
    verifyHub: (['connect', 'telemetry', 'twin'] as const)[place % 3],
    expect: { assignedHub: [`localhost:${hub}`] },
  });
}

function options({ hub }: RunningEmulator) {
  return { readSecret: async () => ({ kind: 'found', value: key }) as const, configuredHubs: [`localhost:${hub}`] };
}

async function measure(runs: number): Promise<Sample> {
  await delay(200);
  collectGarbage({ type: 'major', flavor: 'last-resort' });
  const { heapUsed, rss } = process.memoryUsage();
  return {
    runs,
    heapMb: heapUsed / 1e6,
    processMb: rss / 1e6,
    handles: process.getActiveResourcesInfo().filter((kind) => kind !== 'Immediate').length,
    descriptors: process.platform === 'linux' ? readdirSync('/proc/self/fd').length : undefined,
  };
}

function describe({ runs, heapMb, processMb, handles, descriptors }: Sample): string {
  return `${runs} runs, heap ${heapMb.toFixed(1)} MB, process ${processMb.toFixed(0)} MB, handles ${handles}, descriptors ${descriptors ?? 'unknown'}`;
}

function isFlat(samples: readonly Sample[]): boolean {
  const [first, last] = [samples[0], samples.at(-1)];
  if (!first || !last) return false;
  const grown = [
    ...(last.heapMb > first.heapMb + heapToleranceMb
      ? [`heap from ${first.heapMb.toFixed(1)} to ${last.heapMb.toFixed(1)} MB`]
      : []),
    ...(last.processMb > first.processMb + processToleranceMb
      ? [`process from ${first.processMb.toFixed(0)} to ${last.processMb.toFixed(0)} MB`]
      : []),
    ...(last.handles > first.handles ? [`handles from ${first.handles} to ${last.handles}`] : []),
    ...((last.descriptors ?? 0) > (first.descriptors ?? 0)
      ? [`descriptors from ${first.descriptors} to ${last.descriptors}`]
      : []),
  ];
  console.log(
    grown.length === 0 ? 'Flat: memory, handles and descriptors did not grow.' : `Grown: ${grown.join('; ')}.`,
  );
  return grown.length === 0;
}

function readArguments() {
  try {
    const { minutes, help = false } = parseArgs({
      options: { minutes: { type: 'string', default: '2' }, help: { type: 'boolean' } } as const,
    }).values;
    const number = Number(minutes);
    if (!(number > 0)) throw new Error(`--minutes: expected a number above 0, got "${minutes}"`);
    return { help, minutes: number };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}

const given = readArguments();
if ('error' in given) {
  console.error(`${given.error}\n\n${usage}`);
  process.exitCode = 2;
} else if (given.help) {
  console.log(usage);
} else {
  process.exitCode = (await soak(given.minutes)) ? 0 : 1;
}
