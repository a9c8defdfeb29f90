/** The parts of host.json that this host supports, with the real host's defaults. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import type { LogLevel } from './coreTypes.ts';
import { HostError } from './hostError.ts';

/** A .NET TimeSpan, `[d.]hh:mm:ss[.fffffff]`, as milliseconds. */
const timeSpanMs = z.string().transform((text, context) => {
  const match = /^(?:(\d+)\.)?(\d{1,2}):(\d{2}):(\d{2})(?:\.(\d{1,7}))?$/.exec(text);
  if (match === null) {
    context.addIssue({
      code: 'custom',
      message: `"${text}" is not a time span: expected hh:mm:ss, for example "00:00:05"`,
    });
    return z.NEVER;
  }
  const [days, hours, minutes, seconds] = match.slice(1, 5).map((part) => Number(part ?? 0));
  const fraction = Number(`0.${match[5] ?? '0'}`);
  return ((((days ?? 0) * 24 + (hours ?? 0)) * 60 + (minutes ?? 0)) * 60 + (seconds ?? 0) + fraction) * 1000;
});

const logLevel = z
  .string()
  .transform((level) => level.toLowerCase())
  .pipe(z.enum(['trace', 'debug', 'information', 'warning', 'error', 'critical', 'none']));

const queuesSchema = z.object({
  batchSize: z.int().min(1).max(32).default(16),
  newBatchThreshold: z.int().min(0).optional(),
  maxDequeueCount: z.int().min(1).default(5),
  maxPollingInterval: timeSpanMs.default(60_000),
  visibilityTimeout: timeSpanMs.default(0),
  messageEncoding: z.enum(['none', 'base64']).default('base64'),
});

const hostJsonSchema = z.object({
  version: z.literal('2.0'),
  functionTimeout: timeSpanMs.default(30 * 60_000),
  logging: z.object({ logLevel: z.record(z.string(), logLevel).default({}) }).default({ logLevel: {} }),
  extensions: z
    .object({
      http: z.object({ routePrefix: z.string().default('api') }).default({ routePrefix: 'api' }),
      queues: queuesSchema.default(() => queuesSchema.parse({})),
    })
    .default(() => ({ http: { routePrefix: 'api' }, queues: queuesSchema.parse({}) })),
});

export interface QueueOptions {
  readonly batchSize: number;
  /** The next batch is fetched when at most this many messages are being handled. */
  readonly newBatchThreshold: number;
  readonly maxDequeueCount: number;
  readonly maxPollingIntervalMs: number;
  /** How long a message is hidden after its handler failed. */
  readonly visibilityTimeoutMs: number;
  readonly messageEncoding: 'none' | 'base64';
}

export interface HostConfig {
  readonly functionTimeoutMs: number;
  readonly logLevels: Readonly<Record<string, LogLevel>>;
  readonly routePrefix: string;
  readonly queues: QueueOptions;
}

/** Reads `host.json` of an app. Throws a HostError with the file and every error in it. */
export async function readHostConfig(appDirectory: string): Promise<HostConfig> {
  const file = path.join(appDirectory, 'host.json');
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new HostError(
      `There is no readable host.json in ${appDirectory}: point the host at a function app's folder.`,
      { cause },
    );
  });
  return parseHostConfig(parseJson(text, file), file);
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new HostError(`${file} is not valid JSON (${cause instanceof Error ? cause.message : cause}): correct it.`, {
      cause,
    });
  }
}

/** Checks the content of host.json. Ignores keys that only the real host knows. */
export function parseHostConfig(json: unknown, file: string): HostConfig {
  const parsed = hostJsonSchema.safeParse(json);
  if (!parsed.success) {
    const errors = parsed.error.issues.map((issue) => `  ${issue.path.join('.') || '(root)'}: ${issue.message}`);
    throw new HostError(`${file} has errors:\n${errors.join('\n')}`);
  }
  const { functionTimeout, logging, extensions } = parsed.data;
  const { batchSize, newBatchThreshold, maxDequeueCount, maxPollingInterval, visibilityTimeout, messageEncoding } =
    extensions.queues;
  return {
    functionTimeoutMs: functionTimeout,
    logLevels: logging.logLevel,
    routePrefix: extensions.http.routePrefix.replace(/^\/+|\/+$/g, ''),
    queues: {
      batchSize,
      newBatchThreshold: newBatchThreshold ?? Math.floor(batchSize / 2),
      maxDequeueCount,
      maxPollingIntervalMs: maxPollingInterval,
      visibilityTimeoutMs: visibilityTimeout,
      messageEncoding,
    },
  };
}
