import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { z } from 'zod';

/** An error, a warning or a broken linter rule. `line` starts from 0. */
export interface BicepDiagnostic {
  readonly file: string;
  readonly line: number;
  readonly code: string;
  readonly message: string;
}

export interface BicepCompilation {
  readonly diagnostics: readonly BicepDiagnostic[];
  /** The ARM template as JSON. Undefined if there was an error. */
  readonly template?: string | undefined;
}

/** The target of a predicted deployment. */
export interface BicepPlace {
  readonly subscriptionId: string;
  readonly tenantId: string;
  readonly location: string;
}

/**
 * One process of the Bicep CLI for any number of requests (`bicep jsonrpc`), because each start of the compiler costs seconds. It writes no
 * files. Each method rejects with the compiler's sentence if there is no such file or if the process ends.
 */
export interface BicepServer {
  /** Compiles and lints a `.bicep` file and the modules that it refers to. */
  compile(file: string): Promise<BicepCompilation>;
  /** Compiles a `.bicepparam` file and its template, and checks each value against its type. */
  compileParameters(file: string): Promise<BicepCompilation>;
  /** The formatted text of a file, by the `bicepconfig.json` above it. */
  format(file: string): Promise<string>;
  /** What a deployment with a `.bicepparam` file would create, as JSON. Rejects if the deployment would stop with an error. */
  snapshot(file: string, place: BicepPlace): Promise<string>;
  stop(): Promise<void>;
}

const position = z.object({ line: z.int() });
const compilation = z.object({
  diagnostics: z.array(
    z.object({ source: z.string(), range: z.object({ start: position }), code: z.string(), message: z.string() }),
  ),
  contents: z.string().nullish(),
  template: z.string().nullish(),
});
const response = z.object({
  id: z.int(),
  result: z.unknown().optional(),
  error: z.object({ message: z.string() }).optional(),
});

export function startBicepServer(bicep: string): BicepServer {
  const child = spawn(bicep, ['jsonrpc', '--stdio'], { stdio: ['pipe', 'pipe', 'ignore'] });
  const waiting = new Map<number, (message: z.infer<typeof response>) => void>();
  const reading = readMessages(child.stdout, (text) => {
    const message = response.parse(JSON.parse(text));
    waiting.get(message.id)?.(message);
    waiting.delete(message.id);
  });
  const ended = Promise.all([once(child, 'exit'), reading]).then(
    () => new Error(`${bicep} jsonrpc has ended`),
    (error: Error) => error,
  );
  // A write to a process that has ended: its request rejects by `ended`.
  child.stdin.on('error', () => undefined);

  let lastId = 0;
  async function request(method: string, params: object): Promise<unknown> {
    const id = ++lastId;
    const body = JSON.stringify({ jsonrpc: '2.0', id, method: `bicep/${method}`, params });
    const responded = new Promise<z.infer<typeof response>>((resolve) => waiting.set(id, resolve));
    child.stdin.write(`Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
    const message = await Promise.race([responded, ended]);
    if (message instanceof Error) throw message;
    if (message.error !== undefined) throw new Error(message.error.message);
    return message.result;
  }

  async function compiled(method: string, params: object): Promise<BicepCompilation> {
    const { diagnostics, contents, template } = compilation.parse(await request(method, params));
    return {
      diagnostics: diagnostics.map(({ source, range, code, message }) => ({
        file: source,
        line: range.start.line,
        code,
        message,
      })),
      template: contents ?? template ?? undefined,
    };
  }

  return {
    compile: (path) => compiled('compile', { path }),
    compileParameters: (path) => compiled('compileParams', { path, parameterOverrides: {} }),
    async format(path) {
      return z.object({ contents: z.string() }).parse(await request('format', { path })).contents;
    },
    async snapshot(path, metadata) {
      return z.object({ snapshot: z.string() }).parse(await request('getSnapshot', { path, metadata })).snapshot;
    },
    async stop() {
      child.stdin.end();
      await ended;
    },
  };
}

/** Messages of JSON-RPC with the header of the Language Server Protocol: `Content-Length: N`, an empty line, N bytes. */
async function readMessages(stream: Readable, receive: (text: string) => void): Promise<void> {
  let unread = Buffer.alloc(0);
  for await (const chunk of stream) {
    unread = Buffer.concat([unread, chunk]);
    for (;;) {
      const headerEnd = unread.indexOf('\r\n\r\n');
      const length = Number(/^Content-Length: (\d+)/im.exec(unread.toString('latin1', 0, Math.max(headerEnd, 0)))?.[1]);
      const start = headerEnd + 4;
      if (headerEnd < 0 || unread.length < start + length) break;
      receive(unread.toString('utf8', start, start + length));
      unread = unread.subarray(start + length);
    }
  }
}
