import { enableCompileCache } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Caches compiled code between starts of this process and its children, which load some thousand modules. Call it before the first dynamic
 * import. Without write access to the folder, nothing is cached.
 */
export function cacheCompiledCode(): void {
  const folder = fileURLToPath(new URL('../../node_modules/.cache/node', import.meta.url));
  process.env.NODE_COMPILE_CACHE ??= join(folder, process.version);
  enableCompileCache(process.env.NODE_COMPILE_CACHE);
}
