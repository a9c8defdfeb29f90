/**
 * Runs Azurite, Microsoft's emulator of Azure Storage, as a child process, because its command line is documented and its modules are not.
 * It listens on 127.0.0.1.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';

export interface AzuriteOptions {
  /** Stores data between starts; default: in memory. */
  readonly directory?: string;
  /** Default: free ports. */
  readonly ports?: { readonly blob: number; readonly queue: number; readonly table: number };
  /**
   * Uses HTTPS with this certificate, and accepts bearer tokens besides the account key. Azurite checks a token's audience, issuer and
   * times, but not its signature.
   */
  readonly certificate?: { readonly certFile: string; readonly keyFile: string };
  /** Names of more accounts, each empty, with the same key. */
  readonly accounts?: readonly string[];
}

export interface Azurite {
  /** For `AzureWebJobsStorage`: Azurite's well-known account and key, with the actual ports. */
  readonly connectionString: string;
  readonly blobServiceUri: string;
  readonly queueServiceUri: string;
  readonly tableServiceUri: string;
  readonly processId: number | undefined;
  /** Stops the process, by force if necessary. */
  close(): Promise<void>;
}

type Service = 'Blob' | 'Queue' | 'Table';

/** Published in Azurite's documentation; not a secret. */
const account = 'devstoreaccount1';
const accountKey = 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==';

/** Usually under a second; a busy machine may need much longer. */
const startTimeoutMs = 60_000;
const closeTimeoutMs = 10_000;

/**
 * Runs inside the child: when the parent ends in any way, the IPC channel closes. Azurite then stops as on SIGTERM, or after ten seconds at
 * the latest.
 */
const endWithParent = `data:text/javascript,${encodeURIComponent(
  "process.once('disconnect', () => { setTimeout(() => process.exit(), 10000).unref(); process.kill(process.pid, 'SIGTERM'); });",
)}`;

/** Resolves when the three services listen. Rejects with a sentence that contains the next step. */
export async function startAzurite(options: AzuriteOptions = {}): Promise<Azurite> {
  const child = fork(azuriteProgram(), commandLine(options), {
    execArgv: ['--import', endWithParent],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: { ...process.env, ...accountsVariable(options) },
    detached: true, // Ctrl-C must reach only the parent: the functions store their data before Azurite stops
  });
  try {
    const endpoints = await listening(child);
    return {
      connectionString: [
        `DefaultEndpointsProtocol=${options.certificate === undefined ? 'http' : 'https'}`,
        `AccountName=${account}`,
        `AccountKey=${accountKey}`,
        `BlobEndpoint=${endpoints.Blob}`,
        `QueueEndpoint=${endpoints.Queue}`,
        `TableEndpoint=${endpoints.Table};`,
      ].join(';'),
      blobServiceUri: endpoints.Blob,
      queueServiceUri: endpoints.Queue,
      tableServiceUri: endpoints.Table,
      processId: child.pid,
      close: () => end(child),
    };
  } catch (error) {
    await end(child);
    throw error;
  }
}

function azuriteProgram(): string {
  try {
    return createRequire(import.meta.url).resolve('azurite/dist/src/azurite.js');
  } catch (cause) {
    throw new Error(
      'Azurite, the local stand-in for Azure Storage, is not installed: run "npm install" with development dependencies, or set AzureWebJobsStorage to a storage account.',
      { cause },
    );
  }
}

function commandLine({ directory, ports, certificate }: AzuriteOptions): string[] {
  const flags = [
    '--silent',
    '--disableTelemetry', // otherwise it sends usage data to Microsoft
    '--skipApiVersionCheck', // the storage clients use a newer API version than Azurite supports
    ...['--blobPort', String(ports?.blob ?? 0)],
    ...['--queuePort', String(ports?.queue ?? 0)],
    ...['--tablePort', String(ports?.table ?? 0)],
  ];
  flags.push(...(directory === undefined ? ['--inMemoryPersistence'] : ['--location', directory]));
  if (certificate !== undefined) {
    flags.push('--oauth', 'basic', '--cert', certificate.certFile, '--key', certificate.keyFile);
  }
  return flags;
}

/** The variable that Azurite reads its accounts from. Without it, there is only the well-known account. */
function accountsVariable({ accounts = [] }: AzuriteOptions): Readonly<Record<string, string>> {
  if (accounts.length === 0) return {};
  return { AZURITE_ACCOUNTS: [account, ...accounts].map((name) => `${name}:${accountKey}`).join(';') };
}

/** Reads the addresses from Azurite's output, because with port 0 the system chooses them. */
function listening(child: ChildProcess): Promise<Readonly<Record<Service, string>>> {
  return new Promise((resolve, reject) => {
    const found = new Map<string, string>();
    let output = '';
    const timer = setTimeout(
      () => reject(new Error(`Azurite did not start within ${startTimeoutMs / 1000} seconds.\n${output}`)),
      startTimeoutMs,
    );
    child.once('error', (cause) => settle(() => reject(new Error('Azurite could not be started.', { cause }))));
    child.once('exit', () => settle(() => reject(new Error(explainExit(output)))));
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        output += text;
        for (const [, service, origin] of output.matchAll(
          /Azurite (\w+) service is successfully listening at (\S+)\n/g,
        )) {
          found.set(String(service), `${origin}/${account}`);
        }
        const [Blob, Queue, Table] = [found.get('Blob'), found.get('Queue'), found.get('Table')];
        if (Blob !== undefined && Queue !== undefined && Table !== undefined) {
          settle(() => resolve({ Blob, Queue, Table }));
        }
      });
    }

    function settle(finish: () => void): void {
      clearTimeout(timer);
      child.removeAllListeners('exit');
      for (const stream of [child.stdout, child.stderr]) {
        stream?.removeAllListeners('data').resume();
      }
      finish();
    }
  });
}

function explainExit(output: string): string {
  const inUse = /EADDRINUSE: address already in use (\S+)/.exec(output);
  if (inUse !== null) {
    return `Azurite cannot listen on ${inUse[1]}: the port is in use. Stop the program that uses it (another Azurite?), or choose other ports.`;
  }
  return `Azurite stopped before it listened.\n${output.trim()}`;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) {
    return;
  }
  const exited = once(child, 'exit');
  const timer = setTimeout(() => child.kill('SIGKILL'), closeTimeoutMs);
  if (child.connected) {
    child.disconnect();
  } else {
    child.kill('SIGTERM');
  }
  await exited;
  clearTimeout(timer);
}
