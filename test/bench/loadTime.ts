/** How long it takes to load the app: a program that loads what it is given and prints the milliseconds. */
import { argv } from 'node:process';
import { pathToFileURL } from 'node:url';

const [file = ''] = argv.slice(2);
console.warn = () => undefined; // outside a host, @azure/functions says so for each function
const start = performance.now();
await import(pathToFileURL(file).href);
console.log(JSON.stringify({ loadMs: performance.now() - start }));
process.exit(0);
