import { execFile } from 'node:child_process';
import { access, chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

const version = '0.49.2';

/** NuGet packages that carry the Bicep CLI, by platform and architecture of Node. */
const packageIds: { readonly [platform: string]: string } = {
  'linux-x64': 'Azure.Bicep.CommandLine.linux-x64',
  'darwin-arm64': 'Azure.Bicep.CommandLine.osx-arm64',
  'darwin-x64': 'Azure.Bicep.CommandLine.osx-x64',
  'win32-x64': 'Azure.Bicep.CommandLine.win-x64',
};

/** The path of the Bicep CLI, or a sentence that explains why there is none. */
export type BicepCli =
  | { readonly kind: 'found'; readonly path: string }
  | { readonly kind: 'absent'; readonly reason: string };

/**
 * Finds the Bicep CLI on PATH or in the cache, or downloads it from NuGet with `dotnet`. Nothing is installed outside
 * `node_modules/.cache`.
 */
export async function findBicepCli(root: string): Promise<BicepCli> {
  if (await isRunnable('bicep', ['--version'])) return { kind: 'found', path: 'bicep' };

  const platform = `${process.platform}-${process.arch}`;
  const packageId = packageIds[platform];
  if (packageId === undefined) {
    return {
      kind: 'absent',
      reason: `bicep is not on PATH, and NuGet has no package for ${platform}: install it with az bicep install`,
    };
  }
  const cache = join(root, 'node_modules', '.cache', 'bicep');
  const packageFolder = join(cache, packageId.toLowerCase(), version);
  const path = join(packageFolder, 'tools', process.platform === 'win32' ? 'bicep.exe' : 'bicep');
  // NuGet writes this file last: without it the package is incomplete.
  if (await exists(join(packageFolder, '.nupkg.metadata'))) return { kind: 'found', path };

  if (!(await isRunnable('dotnet', ['--version']))) {
    return {
      kind: 'absent',
      reason:
        'bicep is not on PATH, and there is no dotnet to download it: install one of them (az bicep install, or a .NET SDK)',
    };
  }
  try {
    await restore(packageId, cache);
    await chmod(path, 0o755);
  } catch (error) {
    return {
      kind: 'absent',
      reason: `bicep is not on PATH, and dotnet could not download ${packageId}: ${lastLine(error)}`,
    };
  }
  return { kind: 'found', path };
}

/** A project that only downloads the package. It references no framework, so nothing else is downloaded. */
async function restore(packageId: string, cache: string): Promise<void> {
  await mkdir(cache, { recursive: true });
  const folder = await mkdtemp(join(tmpdir(), 'fetch-bicep-'));
  try {
    const project = join(folder, 'fetchBicep.csproj');
    await writeFile(
      project,
      `<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup>
    <TargetFramework>netstandard2.0</TargetFramework>
    <DisableImplicitFrameworkReferences>true</DisableImplicitFrameworkReferences>
  </PropertyGroup>
  <ItemGroup><PackageDownload Include="${packageId}" Version="[${version}]" /></ItemGroup>
</Project>
`,
    );
    await run('dotnet', ['restore', project, '--packages', cache, '--verbosity', 'quiet']);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function isRunnable(command: string, args: readonly string[]): Promise<boolean> {
  try {
    await run(command, [...args]);
    return true;
  } catch {
    return false;
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    return false;
  }
}

/** dotnet writes the error to the last line of stdout. */
function lastLine(error: unknown): string {
  const output = error instanceof Error && 'stdout' in error ? String(error.stdout) : String(error);
  return output.trim().split('\n').at(-1) ?? '';
}
