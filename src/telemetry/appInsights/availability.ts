import * as z from 'zod';
import type { Ingestion } from '../../config/applicationInsights.ts';
import { type AzureIdentity, createAzureCredential, firstLine } from '../../identity/azureCredential.ts';
import { createOnce } from '../../identity/createOnce.ts';
import type { Outcome } from '../../outcomes/outcome.ts';
import type { OutcomeSink } from '../../outcomes/recordOutcome.ts';
import { parseTraceParent } from '../otlp/traceParent.ts';
import { availabilityEnvelope, type Envelope } from './availabilityEnvelope.ts';

export interface AvailabilityOptions {
  readonly ingestion: Ingestion;
  /** Who asks for a token where the ingestion wants one; its client ID gives way to that of the ingestion. */
  readonly identity: AzureIdentity;
  /** For the answer to one request; default ten seconds. */
  readonly timeoutMs?: number;
}

export interface Availability {
  /**
   * Resolves when Application Insights has taken every one. Rejects otherwise, after one attempt.
   * `traceParent` is that of the invocation, so that the results are found with its own telemetry.
   */
  send(outcomes: readonly Outcome[], traceParent?: string): Promise<void>;
}

/** `cloud_RoleName` of the results. */
const role = 'dps-canary';

/** Posts a body and gives back the answer. */
type Post = (body: string) => Promise<{ readonly status: number; readonly text: string }>;

/** Application Insights availability results. Loads nothing and connects nothing before the first outcome. */
export function createAvailability(options: AvailabilityOptions): Availability {
  const { ingestion } = options;
  const { instrumentationKey } = ingestion;
  const post = createOnce(() => createPost(ingestion, options));

  return {
    async send(outcomes, traceParent) {
      if (outcomes.length === 0) {
        return;
      }
      const trace = parseTraceParent(traceParent);
      const envelopes = outcomes.map((outcome) => availabilityEnvelope(outcome, { instrumentationKey, role, trace }));
      await deliver(envelopes, await post(), new URL(ingestion.trackUrl).hostname);
    },
  };
}

/** The sink of one invocation. */
export function availabilitySink(availability: Availability, traceParent?: string): OutcomeSink {
  return { name: 'availability', write: (outcome) => availability.send([outcome], traceParent) };
}

async function deliver(envelopes: readonly Envelope[], post: Post, host: string): Promise<void> {
  const answer = await post(JSON.stringify(envelopes)).catch((cause: unknown) => {
    throw new Error(`Application Insights at ${host} cannot be reached: ${describe(cause)}`, { cause });
  });
  const { itemsAccepted = 0, errors = [] } = parseAnswer(answer.text);
  // A proxy's page has the status 200, too.
  if (answer.status === 200 && itemsAccepted === envelopes.length) return;
  const [first] = errors;
  const why = first === undefined ? '' : `, ${first.statusCode}: ${first.message}`;
  throw new Error(
    `Application Insights at ${host} answered ${answer.status} and took ${itemsAccepted} of ${envelopes.length}${why}`,
  );
}

/** Microsoft's own HTTP pipeline, which the vault's client has loaded already. */
async function createPost({ trackUrl, tokenScope, clientId }: Ingestion, options: AvailabilityOptions): Promise<Post> {
  const http = await import('@azure/core-rest-pipeline');
  // One attempt, and only to the address in the settings.
  const pipeline = http.createPipelineFromOptions({
    retryOptions: { maxRetries: 0 },
    redirectOptions: { maxRetries: 0 },
  });
  if (tokenScope !== undefined) {
    const credential = await createAzureCredential({
      ...options.identity,
      ...(clientId !== undefined && { clientId }),
    });
    pipeline.addPolicy(http.bearerTokenAuthenticationPolicy({ credential, scopes: tokenScope }));
  }
  const client = http.createDefaultHttpClient();
  const { timeoutMs = 10_000 } = options;

  return async (body) => {
    const request = http.createPipelineRequest({
      url: trackUrl,
      method: 'POST',
      headers: http.createHttpHeaders({ 'Content-Type': 'application/json', Accept: 'application/json' }),
      body,
      timeout: timeoutMs,
      allowInsecureConnection: trackUrl.startsWith('http:'), // on this machine only, as parseIngestion sees to
    });
    const { status, bodyAsText } = await pipeline.sendRequest(client, request);
    return { status, text: bodyAsText ?? '' };
  };
}

/** The service's TrackResponse; a proxy's page instead of it is an answer that says nothing more than its status. */
const trackResponse = z
  .object({
    itemsAccepted: z.number(),
    errors: z.array(z.object({ statusCode: z.number(), message: z.string() })),
  })
  .partial()
  .catch({});

function parseAnswer(text: string) {
  try {
    return trackResponse.parse(JSON.parse(text));
  } catch {
    return {};
  }
}

function describe(cause: unknown): string {
  if (!(cause instanceof Error)) {
    return typeof cause;
  }
  if (cause.name === 'AbortError') {
    return 'no answer in time';
  }
  return 'code' in cause && typeof cause.code === 'string' ? cause.code : firstLine(cause.message);
}
