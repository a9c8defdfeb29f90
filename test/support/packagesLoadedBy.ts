import { spawnSync } from 'node:child_process';

/**
 * Which packages a program has loaded when it ends, with the file of the source tree that it imports. The program is the body of a module
 * with that file's exports in `exports`. It runs in a separate process.
 */
export function packagesLoadedBy(file: string, body: string): readonly string[] {
  const program = `
    const { registerHooks } = await import('node:module');
    const packages = new Set();
    registerHooks({ load(url, context, next) {
      const name = /node_modules\\/((@[^/]+\\/)?[^/]+)/.exec(url)?.[1];
      if (name !== undefined) packages.add(name);
      return next(url, context);
    } });
    const exports = await import(${JSON.stringify(new URL(`../../src/${file}`, import.meta.url).href)});
    ${body}
    console.log(JSON.stringify([...packages].sort()));
  `;
  const child = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    encoding: 'utf8',
    timeout: 60_000,
  });
  if (child.status !== 0) {
    throw new Error(`The program ended with ${child.status ?? child.signal}.\n${child.stderr}`);
  }
  return JSON.parse(child.stdout) as string[];
}
