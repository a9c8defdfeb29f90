/** Figures of the sources, and limits that keep them readable: a step of `npm run check`. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { filesOfOneRun } from './filesOfOneRun.ts';
import { projectDirectory } from './projectFiles.ts';

const shortLines = 25;
const longLines = 250;
const crowdedFolder = 16;
const maxFilesOfOneRun = 45;
/** One file per function of the app, so its length is the number of entry points. */
const freeFolders = ['src/functions'];

interface Figure {
  readonly name: string;
  readonly value: string;
  readonly isWithin: boolean;
}

async function figures(): Promise<readonly Figure[]> {
  const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', 'src/*.ts'], {
    cwd: projectDirectory,
    encoding: 'utf8',
  })
    .split('\n')
    .filter(Boolean);
  const lines = new Map(files.map((file) => [file, lineCount(file)]));
  const lengths = [...lines.values()].toSorted((a, b) => a - b);
  const short = lengths.filter((count) => count < shortLines).length;
  const long = [...lines].filter(([, count]) => count > longLines).map(([file]) => file);
  const crowded = [...Map.groupBy(files, dirname)]
    .filter(([folder, inside]) => inside.length > crowdedFolder && !freeFolders.includes(folder))
    .map(([folder, inside]) => `${folder} (${inside.length})`);
  const words = readFileSync(join(projectDirectory, 'README.md'), 'utf8').split(/\s+/).filter(Boolean).length;
  const executed = (await filesOfOneRun()).length;
  return [
    { name: 'files in src', value: `${files.length}`, isWithin: true },
    { name: 'median lines', value: `${lengths[Math.floor(lengths.length / 2)] ?? 0}`, isWithin: true },
    {
      name: `files under ${shortLines} lines, at most 10 %`,
      value: `${short} (${((100 * short) / files.length).toFixed(1)} %)`,
      isWithin: short <= files.length / 10,
    },
    limited(`files over ${longLines} lines`, long),
    limited(`folders with more than ${crowdedFolder} files`, crowded),
    {
      name: `files executed by one run, at most ${maxFilesOfOneRun}`,
      value: `${executed}`,
      isWithin: executed <= maxFilesOfOneRun,
    },
    { name: 'words in README.md, at most 1,300', value: `${words}`, isWithin: words <= 1300 },
  ];
}

function lineCount(file: string): number {
  return readFileSync(join(projectDirectory, file), 'utf8').split('\n').length - 1;
}

function limited(name: string, found: readonly string[]): Figure {
  return { name, value: found.length === 0 ? 'none' : found.join(', '), isWithin: found.length === 0 };
}

for (const { name, value, isWithin } of await figures()) {
  console.log(`${isWithin ? ' ' : '✗'} ${name.padEnd(40)} ${value}`);
  if (!isWithin) process.exitCode = 1;
}
