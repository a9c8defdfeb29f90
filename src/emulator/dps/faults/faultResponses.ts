/** Faults that change the service's response, as pure functions. */
import { randomUUID } from 'node:crypto';
import { errorResponse, finished, type ServiceResponse } from '../responses.ts';
import type { Fault, FaultOf } from './faults.ts';

export interface ResponseContext {
  readonly phase: 'register' | 'poll';
  readonly registrationId: string;
  /** The operation's ID; a new one if the service was not called. */
  readonly operationId: string;
  /** How many requests of this kind the device has sent, including this one. */
  readonly count: number;
  readonly now: Date;
  /** The service's retry-after. */
  readonly retryAfterSeconds: number;
  /** Returns the service's own response; called only by faults that need it. */
  readonly defaultResponse: () => ServiceResponse;
  /** Returns the 200 of a device that is assigned at once. */
  readonly assignedNow: () => ServiceResponse;
}

/** The first fault that replaces the response wins; the other faults then change it, in the order of the list. */
export function respondWithFaults(faults: readonly Fault[], context: ResponseContext): ServiceResponse {
  let response: ServiceResponse | undefined;
  for (const fault of faults) response ??= replacement(fault, context);
  response ??= context.defaultResponse();
  for (const fault of faults) response = malformed(fault, context, response);
  return response;
}

function replacement(fault: Fault, context: ResponseContext): ServiceResponse | undefined {
  const { phase, registrationId, operationId, now } = context;
  switch (fault.kind) {
    case 'status':
      return due(fault, context) ? statusResponse(fault, context) : undefined;
    case 'throttled':
      return due(fault, context) ? throttledResponse(fault, context) : undefined;
    case 'neverAssigned':
      return phase === 'poll' ? stillAssigning(context) : undefined;
    case 'failed': {
      if (!due(fault, context)) return undefined;
      const code = fault.errorCode === null ? {} : { errorCode: fault.errorCode };
      const message = fault.message ?? `Custom allocation failed with status code: ${fault.webhookStatus}`;
      const described = fault.message === null ? {} : { errorMessage: message };
      return finished(operationId, registrationId, 'failed', now, { ...code, ...described });
    }
    case 'disabled':
      return fault.at === phase ? finished('', registrationId, 'disabled', now) : undefined;
    case 'unknownStatus':
      return fault.at === phase ? finished(operationId, registrationId, fault.status, now) : undefined;
    case 'assignedAtRegister':
      return phase === 'register' ? context.assignedNow() : undefined;
    default:
      return undefined;
  }
}

function malformed(fault: Fault, { phase }: ResponseContext, response: ServiceResponse): ServiceResponse {
  switch (fault.kind) {
    case 'assignment':
      return withState(response, 'assigned', {
        ...(fault.assignedHub === undefined ? {} : { assignedHub: fault.assignedHub }),
        ...(fault.deviceId === undefined ? {} : { deviceId: fault.deviceId }),
        ...(fault.substatus === undefined ? {} : { substatus: fault.substatus }),
      });
    case 'registrationStatus':
      return { ...response, body: withOldName(response.body) };
    case 'missingField':
      return fault.at === phase ? { ...response, body: without(response.body, fault.field) } : response;
    case 'badBody':
      return fault.at === phase ? { ...response, body: badBodies[fault.body](response.body) } : response;
    case 'retryAfter': {
      if (response.status === 200 || (fault.at !== undefined && fault.at !== phase)) return response;
      const { retryAfter: _, ...rest } = response;
      return fault.value === null ? rest : { ...rest, retryAfter: fault.value };
    }
    default:
      return response;
  }
}

function due(
  fault: FaultOf<'status'> | FaultOf<'throttled'> | FaultOf<'failed'>,
  { phase, count }: ResponseContext,
): boolean {
  return fault.at === phase && (fault.times === undefined || count <= fault.times);
}

function statusResponse(fault: FaultOf<'status'>, { operationId, now }: ResponseContext): ServiceResponse {
  const head = {
    status: fault.topicStatus ?? fault.status,
    ...(fault.retryAfter === undefined ? {} : { retryAfter: fault.retryAfter }),
  };
  const message = fault.message ?? 'A fault of the stand-in.';
  if (fault.body === 'empty') return { ...head, body: '' };
  if (fault.body === 'text') return { ...head, body: fault.message ?? 'The service is unavailable.' };
  const response = errorResponse(fault.status, fault.errorCode ?? fault.status * 1000, message, now);
  const body = {
    ...(response.body as object),
    ...(fault.message === null ? { message: undefined } : {}),
    ...(fault.trackingId === undefined ? {} : { trackingId: fault.trackingId ?? undefined }),
    ...(fault.errorCode === null ? { errorCode: undefined } : {}),
    ...(fault.operationId ? { operationId } : {}),
  };
  return { ...head, body };
}

function throttledResponse(fault: FaultOf<'throttled'>, { now, retryAfterSeconds }: ResponseContext): ServiceResponse {
  const response = errorResponse(429, 429001, 'Too many requests.', now);
  return fault.retryAfter === null ? response : { ...response, retryAfter: fault.retryAfter ?? retryAfterSeconds };
}

function stillAssigning({
  defaultResponse,
  operationId,
  registrationId,
  retryAfterSeconds,
}: ResponseContext): ServiceResponse {
  const response = defaultResponse();
  if (response.status !== 200) return response;
  const registrationState = { registrationId, status: 'assigning' };
  return { status: 202, retryAfter: retryAfterSeconds, body: { operationId, status: 'assigning', registrationState } };
}

type Body = Record<string, unknown>;

function withState(response: ServiceResponse, status: string, change: Body): ServiceResponse {
  const body = response.body as { readonly status?: string; readonly registrationState?: object };
  if (body.status !== status) return response;
  return { ...response, body: { ...body, registrationState: { ...body.registrationState, ...change } } };
}

/** The name in responses of 2017. */
function withOldName(body: unknown): unknown {
  if (typeof body !== 'object' || body === null || !('registrationState' in body)) return body;
  const { registrationState, ...rest } = body;
  return { ...rest, registrationStatus: registrationState };
}

function without(body: unknown, field: string): unknown {
  if (typeof body !== 'object' || body === null) return body;
  const { registrationState, ...rest } = body as { readonly registrationState?: object };
  const state =
    registrationState === undefined ? {} : { registrationState: { ...registrationState, [field]: undefined } };
  return { ...rest, ...state, [field]: undefined }; // JSON.stringify leaves out undefined
}

const badBodies: Record<FaultOf<'badBody'>['body'], (body: unknown) => unknown> = {
  notJson: () => 'this is not JSON',
  empty: () => '',
  array: () => '[]',
  null: () => 'null',
  truncated: (body) => JSON.stringify(body).slice(0, -7),
  wrongTypes: () => ({ operationId: 7, status: ['assigned'], registrationState: 'none' }),
  tooLarge: (body) => ({ ...(body as object), padding: 'x'.repeat(1_000_000), trackingId: randomUUID() }),
};
