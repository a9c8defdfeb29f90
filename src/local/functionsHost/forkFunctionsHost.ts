/** Runs a functions host in a child process. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { Environment } from './appSettings.ts';
import { HostError } from './hostError.ts';
import type { HostLog, HostLogEntry } from './hostLog.ts';
import type { HostMessage, ParentMessage } from './hostMessages.ts';
import type { FunctionSummary } from './planFunctions.ts';
import type { FunctionsHostOptions } from './startFunctionsHost.ts';

export interface ForkOptions extends Omit<FunctionsHostOptions, 'environment' | 'onLog'> {
  /** The whole environment of the child; default: this process's own. */
  readonly environment?: Environment;
  /** Also receives the app's console output, as category `Worker.Console`. */
  readonly onLog?: HostLog;
}

export interface HostExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface ForkedFunctionsHost {
  readonly pid: number;
  /** Without a trailing slash. */
  readonly url: string;
  readonly port: number;
  readonly functions: readonly FunctionSummary[];
  /** Resolves when the process has ended. */
  readonly exited: Promise<HostExit>;
  /** Adds a listener for log entries; returns a function that removes it. */
  onLog(listener: HostLog): () => void;
  /** Stops gracefully: accepts no new work, finishes running invocations, and runs hooks. By force if necessary. */
  stop(): Promise<void>;
  /** Sends SIGKILL, as when an instance is lost in the middle of its work. */
  kill(): Promise<void>;
}

const program = fileURLToPath(new URL('./hostProcess.ts', import.meta.url));

/** Resolves when the host listens. Rejects with a HostError when it cannot start. */
export async function forkFunctionsHost(options: ForkOptions): Promise<ForkedFunctionsHost> {
  const child = fork(program, commandLine(options), {
    env: {
      ...(options.environment ?? process.env),
      FUNCTIONS_HOST_FUNCTION_KEY: options.functionKey,
      FUNCTIONS_HOST_MASTER_KEY: options.masterKey,
    },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const exited = once(child, 'exit').then(([code, signal]): HostExit => ({ code, signal }));
  const listeners = new Set<HostLog>(options.onLog === undefined ? [] : [options.onLog]);
  const emit = (entry: HostLogEntry) => {
    for (const listener of listeners) listener(entry);
  };
  forwardLines(child.stdout, 'information', emit);
  forwardLines(child.stderr, 'warning', emit);
  const { port, functions } = await listening(child, exited, emit);
  return {
    pid: child.pid ?? 0,
    url: `http://${options.hostname ?? '127.0.0.1'}:${port}`,
    port,
    functions,
    exited,
    onLog(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async stop() {
      const force = setTimeout(() => child.kill('SIGKILL'), (options.closeTimeoutMs ?? 10_000) + 5_000);
      if (child.connected) child.send({ type: 'stop' } satisfies ParentMessage, () => undefined);
      await exited;
      clearTimeout(force);
    },
    async kill() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

function commandLine(options: ForkOptions): string[] {
  const flags = ['--app-directory', options.appDirectory, '--port', String(options.port)];
  if (options.hostname !== undefined) flags.push('--hostname', options.hostname);
  if (options.timers === false) flags.push('--no-timers');
  if (options.stateDirectory !== undefined) flags.push('--state-directory', options.stateDirectory);
  if (options.queueLeaseSeconds !== undefined) flags.push('--queue-lease-seconds', String(options.queueLeaseSeconds));
  if (options.closeTimeoutMs !== undefined) flags.push('--close-timeout-ms', String(options.closeTimeoutMs));
  return flags;
}

function forwardLines(stream: Readable | null, level: HostLogEntry['level'], emit: HostLog): void {
  if (stream === null) return;
  createInterface({ input: stream }).on('line', (message) => emit({ level, category: 'Worker.Console', message }));
}

function listening(child: ChildProcess, exited: Promise<HostExit>, emit: HostLog) {
  return new Promise<Extract<HostMessage, { type: 'listening' }>>((resolve, reject) => {
    let error: string | undefined;
    child.on('message', (message: HostMessage) => {
      switch (message.type) {
        case 'listening':
          resolve(message);
          break;
        case 'log': {
          const { type: _, ...entry } = message;
          emit(entry);
          break;
        }
        case 'error':
          error = message.message;
          emit({ level: 'critical', category: 'Host.Error', message: error });
          break;
        default:
          message satisfies never;
      }
    });
    child.once('error', (cause) =>
      reject(new HostError('The functions host process could not be started.', { cause })),
    );
    void exited.then(({ code, signal }) =>
      reject(
        new HostError(error ?? `The functions host stopped before it listened (${signal ?? `exit code ${code}`}).`),
      ),
    );
  });
}
