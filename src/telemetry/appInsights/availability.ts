import * as z from 'zod/mini';
import type { Ingestion } from '../../config/applicationInsights.ts';
import { type AzureIdentity, createAzureCredential, firstLine } from '../../identity/azureCredential.ts';
import { createOnce } from '../../identity/createOnce.ts';
import type { Outcome } from '../../outcomes/outcome.ts';
import type { OutcomeSink } from '../../outcomes/recordOutcome.ts';
import { parseTraceParent } from '../traceParent.ts';
import { availabilityEnvelope, type Envelope } from './availabilityEnvelope.ts';

export interface AvailabilityOptions {
  readonly ingestion: Ingestion;
  /** The identity for the token, if the ingestion needs one; the ingestion's client ID takes precedence. */
  readonly identity: AzureIdentity;
  /** Time limit for one request; default: ten seconds. */
  readonly timeoutMs?: number;
}

export interface Availability {
  /**
   * Resolves when Application Insights has accepted all of them. Rejects otherwise, after one attempt. `traceParent` is that of the
   * invocation, so that the results are correlated with its telemetry.
   */
  send(outcomes: readonly Outcome[], traceParent?: string): Promise<void>;
}

/** `cloud_RoleName` of the results. */
const role = 'dps-canary';

/** Posts a body and returns the response. */
type Post = (body: string) => Promise<{ readonly status: number; readonly text: string }>;

/** Sends Application Insights availability results. Loads its libraries and connects with the first outcome. */
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
  const response = await post(JSON.stringify(envelopes)).catch((cause: unknown) => {
    throw new Error(`Application Insights at ${host} cannot be reached: ${describe(cause)}`, { cause });
  });
  const { itemsAccepted = 0, errors = [] } = parseTrackResponse(response.text);
  // A proxy's page may have the status 200, too.
  if (response.status === 200 && itemsAccepted === envelopes.length) return;
  const [first] = errors;
  const why = first === undefined ? '' : `, ${first.statusCode}: ${first.message}`;
  throw new Error(
    `Application Insights at ${host} responded ${response.status} and accepted ${itemsAccepted} of ${envelopes.length}${why}`,
  );
}

/** Uses Microsoft's HTTP pipeline, which the vault's client has already loaded. */
async function createPost({ trackUrl, tokenScope, clientId }: Ingestion, options: AvailabilityOptions): Promise<Post> {
  const http = await import('@azure/core-rest-pipeline');
  // One attempt, and only to the configured URL.
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
      allowInsecureConnection: trackUrl.startsWith('http:'), // parseIngestion allows it only for this machine
    });
    const { status, bodyAsText } = await pipeline.sendRequest(client, request);
    return { status, text: bodyAsText ?? '' };
  };
}

/** The service's TrackResponse. A proxy's page in its place parses as empty. */
const trackResponse = z.catch(
  z.object({
    itemsAccepted: z.optional(z.number()),
    errors: z.optional(z.array(z.object({ statusCode: z.number(), message: z.string() }))),
  }),
  {},
);

function parseTrackResponse(text: string) {
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
    return 'no response in time';
  }
  return 'code' in cause && typeof cause.code === 'string' ? cause.code : firstLine(cause.message);
}
