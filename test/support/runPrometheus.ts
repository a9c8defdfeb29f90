import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export interface RunningPrometheus {
  /** Instant query, repeated until it has a result or the deadline passes, because Prometheus has no event for "scraped". */
  query(promql: string, deadlineMs?: number): Promise<readonly QueryResult[]>;
  close(): Promise<void>;
}

export interface QueryResult {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [number, string];
}

/** Starts Debian's Prometheus on a free port with this scrape configuration (YAML), in a directory that is deleted afterwards. */
export async function runPrometheus(configuration: string): Promise<RunningPrometheus> {
  const directory = await mkdtemp(join(tmpdir(), 'dps-canary-prometheus-'));
  const file = join(directory, 'prometheus.yml');
  await writeFile(file, configuration);
  const child = spawn(
    'prometheus',
    [
      `--config.file=${file}`,
      `--storage.tsdb.path=${join(directory, 'data')}`,
      '--web.listen-address=127.0.0.1:0',
      '--log.level=info',
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  const close = async () => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    await rm(directory, { recursive: true, force: true });
  };
  try {
    const address = await listeningAddress(child.stderr);
    return { query: (promql, deadlineMs = 20_000) => queryUntilThere(address, promql, deadlineMs), close };
  } catch (cause) {
    await close();
    throw cause;
  }
}

async function listeningAddress(log: NodeJS.ReadableStream): Promise<string> {
  const lines: string[] = [];
  for await (const line of createInterface({ input: log })) {
    lines.push(line);
    const address = /Listening on.*address=(\S+)/.exec(line)?.[1];
    if (address === undefined) continue;
    log.resume();
    return address;
  }
  throw new Error(`prometheus ended before it listened:\n${lines.join('\n')}`);
}

async function queryUntilThere(address: string, promql: string, deadlineMs: number): Promise<readonly QueryResult[]> {
  const url = `http://${address}/api/v1/query?${new URLSearchParams({ query: promql })}`;
  const deadline = Date.now() + deadlineMs;
  for (;;) {
    const response = await fetch(url);
    // 503 until it has read its storage.
    const body = response.ok ? ((await response.json()) as { data?: { result?: readonly QueryResult[] } }) : {};
    const result = body.data?.result ?? [];
    if (result.length > 0) return result;
    if (Date.now() > deadline) throw new Error(`${promql} gave nothing within ${deadlineMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
