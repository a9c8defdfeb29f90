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

/** Where the Bicep CLI is, or the sentence that says why there is none. */
export type BicepCli =
  | { readonly kind: 'found'; readonly path: string }
  | { readonly kind: 'absent'; readonly reason: string };

/**
 * The Bicep CLI: the one on PATH; else the one fetched before; else the one that NuGet has, fetched with `dotnet`.
 * Nothing is installed outside `node_modules/.cache`.
 */
export async function findBicepCli(root: string): Promise<BicepCli> {
  if (await answers('bicep', ['--version'])) return { kind: 'found', path: 'bicep' };

  const platform = `${process.platform}-${process.arch}`;
  const packageId = packageIds[platform];
  if (packageId === undefined) {
    return {
      kind: 'absent',
      reason: `no bicep on PATH, and NuGet has none for ${platform}: install it with az bicep install`,
    };
  }
  const cache = join(root, 'node_modules', '.cache', 'bicep');
  const packageFolder = join(cache, packageId.toLowerCase(), version);
  const path = join(packageFolder, 'tools', process.platform === 'win32' ? 'bicep.exe' : 'bicep');
  // NuGet writes this file last: without it the package is not all there.
  if (await exists(join(packageFolder, '.nupkg.metadata'))) return { kind: 'found', path };

  if (!(await answers('dotnet', ['--version']))) {
    return {
      kind: 'absent',
      reason: 'no bicep on PATH, and no dotnet to fetch it with: install either one (az bicep install, or a .NET SDK)',
    };
  }
  try {
    await restore(packageId, cache);
    await chmod(path, 0o755);
  } catch (error) {
    return { kind: 'absent', reason: `no bicep on PATH, and dotnet could not fetch ${packageId}: ${lastLine(error)}` };
  }
  return { kind: 'found', path };
}

/** A project that only downloads: it references no framework, so nothing else is fetched. */
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

async function answers(command: string, args: readonly string[]): Promise<boolean> {
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

/** dotnet says what is wrong on its last line, on stdout. */
function lastLine(error: unknown): string {
  const output = error instanceof Error && 'stdout' in error ? String(error.stdout) : String(error);
  return output.trim().split('\n').at(-1) ?? '';
}
