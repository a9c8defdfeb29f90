/** Faults that change what the service answers. Pure: an answer goes in, another comes out. */
import { randomUUID } from 'node:crypto';
import { errorResponse, finished, type ServiceResponse } from '../responses.ts';
import type { Fault, FaultOf } from './faults.ts';

export interface ResponseContext {
  readonly phase: 'register' | 'poll';
  readonly registrationId: string;
  /** Of the operation in question; a new one when the service was not asked. */
  readonly operationId: string;
  /** How often this device has sent this kind of request, this one included. */
  readonly count: number;
  readonly now: Date;
  /** What the service would ask the device to wait. */
  readonly retryAfterSeconds: number;
  /** The service's own answer, asked for only by the faults that need it. */
  readonly defaultResponse: () => ServiceResponse;
  /** The 200 of a device that is assigned at once. */
  readonly assignedNow: () => ServiceResponse;
}

/** The first fault that has something to say decides; the rest then disfigure its answer, in the order of the list. */
export function respondWithFaults(faults: readonly Fault[], context: ResponseContext): ServiceResponse {
  let answer: ServiceResponse | undefined;
  for (const fault of faults) answer ??= replacement(fault, context);
  answer ??= context.defaultResponse();
  for (const fault of faults) answer = malformed(fault, context, answer);
  return answer;
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
      if (fault.at !== phase) return undefined;
      const code = fault.errorCode === null ? {} : { errorCode: fault.errorCode };
      const message = fault.message === null ? {} : { errorMessage: fault.message };
      return finished(operationId, registrationId, 'failed', now, { ...code, ...message });
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

function malformed(fault: Fault, { phase }: ResponseContext, answer: ServiceResponse): ServiceResponse {
  switch (fault.kind) {
    case 'assignment':
      return withState(answer, 'assigned', {
        ...(fault.assignedHub === undefined ? {} : { assignedHub: fault.assignedHub }),
        ...(fault.deviceId === undefined ? {} : { deviceId: fault.deviceId }),
        ...(fault.substatus === undefined ? {} : { substatus: fault.substatus }),
      });
    case 'missingField':
      return fault.at === phase ? { ...answer, body: without(answer.body, fault.field) } : answer;
    case 'badBody':
      return fault.at === phase ? { ...answer, body: badBodies[fault.body](answer.body) } : answer;
    case 'retryAfter': {
      if (answer.status === 200 || (fault.at !== undefined && fault.at !== phase)) return answer;
      const { retryAfter: _, ...rest } = answer;
      return fault.value === null ? rest : { ...rest, retryAfter: fault.value };
    }
    default:
      return answer;
  }
}

function due(fault: FaultOf<'status'> | FaultOf<'throttled'>, { phase, count }: ResponseContext): boolean {
  return fault.at === phase && (fault.times === undefined || count <= fault.times);
}

function statusResponse(fault: FaultOf<'status'>, { operationId, now }: ResponseContext): ServiceResponse {
  const retryAfter = fault.retryAfter === undefined ? {} : { retryAfter: fault.retryAfter };
  if (fault.body === 'empty') return { status: fault.status, ...retryAfter, body: '' };
  if (fault.body === 'text') return { status: fault.status, ...retryAfter, body: 'The service is unavailable.' };
  const defaultResponse = errorResponse(
    fault.status,
    fault.errorCode ?? fault.status * 1000,
    'A fault of the stand-in.',
    now,
  );
  const body = {
    ...(defaultResponse.body as object),
    ...(fault.message === undefined ? {} : { message: fault.message ?? undefined }),
    ...(fault.trackingId === undefined ? {} : { trackingId: fault.trackingId ?? undefined }),
    ...(fault.errorCode === null ? { errorCode: undefined } : {}),
    ...(fault.operationId ? { operationId } : {}),
  };
  return { status: fault.status, ...retryAfter, body };
}

function throttledResponse(fault: FaultOf<'throttled'>, { now, retryAfterSeconds }: ResponseContext): ServiceResponse {
  const answer = errorResponse(429, 429001, 'Too many requests.', now);
  return fault.retryAfter === null ? answer : { ...answer, retryAfter: fault.retryAfter ?? retryAfterSeconds };
}

function stillAssigning({
  defaultResponse,
  operationId,
  registrationId,
  retryAfterSeconds,
}: ResponseContext): ServiceResponse {
  const answer = defaultResponse();
  if (answer.status !== 200) return answer;
  const registrationState = { registrationId, status: 'assigning' };
  return { status: 202, retryAfter: retryAfterSeconds, body: { operationId, status: 'assigning', registrationState } };
}

type Body = Record<string, unknown>;

function withState(answer: ServiceResponse, status: string, change: Body): ServiceResponse {
  const body = answer.body as { readonly status?: string; readonly registrationState?: object };
  if (body.status !== status) return answer;
  return { ...answer, body: { ...body, registrationState: { ...body.registrationState, ...change } } };
}

function without(body: unknown, field: string): unknown {
  if (typeof body !== 'object' || body === null) return body;
  const { registrationState, ...rest } = body as { readonly registrationState?: object };
  const state =
    registrationState === undefined ? {} : { registrationState: { ...registrationState, [field]: undefined } };
  return { ...rest, ...state, [field]: undefined }; // JSON leaves undefined out
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
