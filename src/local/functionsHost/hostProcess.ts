/**
 * A functions host in its own process: `node src/local/functionsHost/hostProcess.ts --app-directory DIR [--port N]`. Needed because
 * NODE_EXTRA_CA_CERTS is read only at start, and because tests kill workers. Under a parent (`forkFunctionsHost`) it reports over IPC, and
 * stops on request or when the parent ends.
 */
import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { describeHostError } from './hostError.ts';
import type { HostMessage, ParentMessage } from './hostMessages.ts';
import { type FunctionsHost, startFunctionsHost } from './startFunctionsHost.ts';

const { values } = parseArgs({
  options: {
    'app-directory': { type: 'string', default: '.' },
    port: { type: 'string', default: '7071' },
    hostname: { type: 'string', default: '127.0.0.1' },
    'no-timers': { type: 'boolean', default: false },
    'state-directory': { type: 'string' },
    'queue-lease-seconds': { type: 'string', default: '600' },
    'close-timeout-ms': { type: 'string', default: '10000' },
  },
});

/** Keys are passed in the environment, which process lists do not show, and removed from it so that the app does not see them. */
function takeKey(name: string): string {
  const key = process.env[name] ?? randomBytes(24).toString('base64url');
  delete process.env[name];
  return key;
}

function report(message: HostMessage): void {
  if (process.connected) process.send?.(message);
  else if (process.send === undefined)
    console.log(message.type === 'log' ? `[${message.level}] ${message.message}` : message);
}

async function stop(host: FunctionsHost, exitCode: number): Promise<void> {
  await host.close();
  process.exit(exitCode);
}

/** Reports the error and exits once the message is sent. */
function fail(error: unknown): void {
  const message: HostMessage = { type: 'error', message: describeHostError(error) };
  if (process.connected) process.send?.(message, () => process.exit(1));
  else {
    console.error(message.message);
    process.exit(1);
  }
}

process.on('uncaughtException', fail);
// Before the host is running, exit when the parent ends; afterwards, stop gracefully.
const exit = () => process.exit(0);
process.once('disconnect', exit);

try {
  const host = await startFunctionsHost({
    appDirectory: values['app-directory'],
    port: Number(values.port),
    hostname: values.hostname,
    functionKey: takeKey('FUNCTIONS_HOST_FUNCTION_KEY'),
    masterKey: takeKey('FUNCTIONS_HOST_MASTER_KEY'),
    timers: !values['no-timers'],
    ...(values['state-directory'] !== undefined && { stateDirectory: values['state-directory'] }),
    queueLeaseSeconds: Number(values['queue-lease-seconds']),
    closeTimeoutMs: Number(values['close-timeout-ms']),
    onLog: (entry) => report({ type: 'log', ...entry }),
  });
  process.off('disconnect', exit);
  const stopOnce = () => void stop(host, 0).catch(fail);
  process.on('disconnect', stopOnce);
  process.on('message', (message: ParentMessage) => {
    if (message.type === 'stop') stopOnce();
  });
  // Ctrl-C reaches every process of the terminal; under a parent, the parent decides.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (!process.connected || signal === 'SIGTERM') stopOnce();
    });
  }
  report({ type: 'listening', port: host.port, functions: host.functions });
} catch (error) {
  fail(error);
}
