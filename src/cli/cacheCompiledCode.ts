import { enableCompileCache } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Keeps compiled code between starts, of this process and of those that it starts: they load some thousand modules. Call it before the
 * first dynamic import; where the folder cannot be written, nothing is kept.
 */
export function cacheCompiledCode(): void {
  const folder = fileURLToPath(new URL('../../node_modules/.cache/node', import.meta.url));
  process.env.NODE_COMPILE_CACHE ??= join(folder, process.version);
  enableCompileCache(process.env.NODE_COMPILE_CACHE);
}
