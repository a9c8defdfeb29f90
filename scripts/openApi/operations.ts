import type * as z from 'zod';
import {
  healthSchema,
  outcomeSchema,
  outcomesSchema,
  probesSchema,
  problemSchema,
  simulationRequest,
  simulationSchema,
  simulationsSchema,
  statusResponseSchema,
} from './schemas.ts';

export interface DocumentedResponse {
  readonly description: string;
  readonly content: Readonly<Record<string, z.core.$ZodType | 'text'>>;
  readonly headers?: Readonly<Record<string, string>>;
}

export const tags = {
  Probes: 'The configured checks.',
  Outcomes: 'The results of their runs.',
  Simulations: 'Many devices of one enrollment group, on demand.',
  App: 'The app itself.',
} as const;

/** What the document needs besides the registered routes. A test checks that there is one for every route. */
export interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly tag: keyof typeof tags;
  readonly requestBody?: z.core.$ZodType;
  readonly requestHeaders?: Readonly<Record<string, string>>;
  readonly responses: Readonly<Record<number, DocumentedResponse>>;
}

const json = (description: string, schema: z.core.$ZodType, headers?: Readonly<Record<string, string>>) => ({
  description,
  content: { 'application/json': schema },
  ...(headers && { headers }),
});
const problem = (description: string, headers?: Readonly<Record<string, string>>) => ({
  description,
  content: { 'application/problem+json': problemSchema },
  ...(headers && { headers }),
});
const prometheus = { description: 'Prometheus text.', content: { 'text/plain': 'text' as const } };

const invalidQuery = problem('A query parameter is unknown or not valid.');
const otherSite = problem('A browser sent this request from a page of another site.');
const unknownProbe = problem('No probe has this name.');
const unknownSimulation = problem('No simulation has this ID.');
const noStorage = problem('Storage or the configuration cannot be used.');
const retryAfter = { 'Retry-After': 'Seconds to wait before the next request.' };

export const operations: Readonly<Record<string, Operation>> = {
  'POST probes/{name}/runs': {
    operationId: 'runProbeNow',
    summary: 'Run a probe now',
    tag: 'Probes',
    responses: {
      200: json('The outcome of the run.', outcomeSchema),
      303: {
        description:
          'For a browser, such as the form of the status page: redirects to the page of the run. Not with an anonymous page.',
        content: {},
        headers: { Location: 'The page of the run.' },
      },
      400: invalidQuery,
      403: otherSite,
      404: unknownProbe,
      409: {
        description: 'Another process runs the device.',
        content: { 'application/problem+json': problemSchema, 'text/html': 'text' },
        headers: retryAfter,
      },
      503: {
        description:
          'With gate=true: the outcome, which is failing or unknown. Otherwise: the configuration is not valid.',
        content: { 'application/json': outcomeSchema, 'application/problem+json': problemSchema },
      },
    },
  },
  'GET probes': {
    operationId: 'listProbes',
    summary: 'The configured probes, each with its last outcome',
    tag: 'Probes',
    responses: { 200: json('The probes.', probesSchema), 400: invalidQuery, 503: noStorage },
  },
  'GET probe': {
    operationId: 'probe',
    summary: "Run a probe now and return its metrics (Prometheus's multi-target pattern)",
    tag: 'Probes',
    responses: {
      200: prometheus,
      400: invalidQuery,
      404: unknownProbe,
      503: problem('Another process runs the device.', retryAfter),
    },
  },
  'GET outcomes': {
    operationId: 'listOutcomes',
    summary: 'The history, newest first, a page at a time',
    tag: 'Outcomes',
    responses: { 200: json('A page.', outcomesSchema), 400: invalidQuery, 404: unknownProbe, 503: noStorage },
  },
  'GET status': {
    operationId: 'status',
    summary: 'The status page, or its data by Accept',
    tag: 'App',
    responses: {
      200: {
        description: 'The page, or the report; of one probe with probe=, of one run with run=.',
        content: { 'text/html': 'text', 'application/json': statusResponseSchema },
      },
      400: invalidQuery,
      404: {
        description: 'No probe has this name, or no run has this ID; on an anonymous page, no single run is shown.',
        content: { 'application/problem+json': problemSchema, 'text/html': 'text' },
      },
      406: problem('Neither HTML nor JSON is accepted.'),
      503: noStorage,
    },
  },
  'GET metrics': {
    operationId: 'metrics',
    summary: 'The last outcomes of all probes as Prometheus text',
    tag: 'Outcomes',
    responses: { 200: prometheus, 400: invalidQuery, 503: noStorage },
  },
  'GET badges/{name}.svg': {
    operationId: 'badge',
    summary: 'State and availability of a probe as a badge',
    tag: 'Outcomes',
    responses: {
      200: { description: 'The badge.', content: { 'image/svg+xml': 'text' } },
      400: invalidQuery,
      404: { description: 'A badge with the text that no probe has this name.', content: { 'image/svg+xml': 'text' } },
      503: noStorage,
    },
  },
  'GET health': {
    operationId: 'health',
    summary: 'Whether the app can read its configuration, its vault and its storage',
    tag: 'App',
    responses: {
      200: json('All checks passed.', healthSchema),
      400: invalidQuery,
      503: json('At least one check failed.', healthSchema),
    },
  },
  'GET simulations': {
    operationId: 'listSimulations',
    summary: 'The simulations of all locations, newest first',
    tag: 'Simulations',
    responses: { 200: json('A page.', simulationsSchema), 400: invalidQuery, 503: noStorage },
  },
  'POST simulations': {
    operationId: 'startSimulation',
    summary: 'Start a simulation of N devices',
    tag: 'Simulations',
    requestBody: simulationRequest,
    requestHeaders: { 'Idempotency-Key': 'The same request with the same key starts one simulation.' },
    responses: {
      202: json('Accepted.', simulationSchema, { ...retryAfter, Location: 'The URL of its progress.' }),
      400: problem('The body or the query is not valid: each error with its field.'),
      403: otherSite,
      404: unknownProbe,
      422: problem('The Idempotency-Key was used with another request.'),
      503: noStorage,
    },
  },
  'GET simulations/{id}': {
    operationId: 'getSimulation',
    summary: 'Progress and result of a simulation',
    tag: 'Simulations',
    responses: {
      200: json('Every device has an outcome.', simulationSchema),
      202: json('Some devices have no outcome yet.', simulationSchema, retryAfter),
      400: invalidQuery,
      404: unknownSimulation,
      503: noStorage,
    },
  },
  'GET simulations/{id}/outcomes': {
    operationId: 'listSimulationOutcomes',
    summary: 'The devices of a simulation, failures first, a page at a time',
    tag: 'Simulations',
    responses: { 200: json('A page.', outcomesSchema), 400: invalidQuery, 404: unknownSimulation, 503: noStorage },
  },
  'DELETE simulations/{id}': {
    operationId: 'cancelSimulation',
    summary: 'Cancel the devices that have not started',
    tag: 'Simulations',
    responses: {
      200: json('Every device has an outcome.', simulationSchema),
      202: json('Some devices are still running.', simulationSchema, retryAfter),
      400: invalidQuery,
      403: otherSite,
      404: unknownSimulation,
      409: problem('The simulation has already finished.'),
      503: noStorage,
    },
  },
};
