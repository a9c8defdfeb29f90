/** A process that forks a functions host and then only waits, to be killed by a test. */
import { forkFunctionsHost } from '../../src/local/functionsHost/forkFunctionsHost.ts';
import { keys } from './hostKeys.ts';

const [appDirectory = '.'] = process.argv.slice(2);
const host = await forkFunctionsHost({ appDirectory, port: 0, ...keys });
process.send?.(host.pid);
