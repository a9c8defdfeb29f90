/** Loads an app as Azure's worker does, and prints the milliseconds of CPU and of the clock. */
import { createRequire } from 'node:module';
import { argv } from 'node:process';
import { pathToFileURL } from 'node:url';

const [file = ''] = argv.slice(2);
const require = createRequire(import.meta.url);
console.warn = () => undefined; // outside a host, @azure/functions logs a warning for each function
const cpu = process.cpuUsage();
const start = performance.now();
// The worker requires a CommonJS entry point; an import would first search the whole file for its exports.
if (file.endsWith('.cjs')) require(file);
else await import(pathToFileURL(file).href);
const { user, system } = process.cpuUsage(cpu);
console.log(JSON.stringify({ cpuMs: (user + system) / 1000, loadMs: performance.now() - start }));
process.exit(0);
