/** A function app that records what its host passes to it, in `globalThis.fixture` for the tests. */
import {
  app,
  type HttpRequest,
  type HttpResponseInit,
  type InvocationContext,
  output,
  type Timer,
} from '@azure/functions';

export interface RunFacts {
  /** How long the timer's handler takes. */
  tickMs: number;
  runningTicks: number;
  mostRunningTicks: number;
  readonly timers: Timer[];
  readonly messages: { readonly body: unknown; readonly metadata: unknown }[];
  readonly hooks: string[];
}

const seen: RunFacts = { tickMs: 0, runningTicks: 0, mostRunningTicks: 0, timers: [], messages: [], hooks: [] };
Object.assign(globalThis, { fixture: seen });

app.hook.appStart(() => {
  seen.hooks.push('appStart');
});
app.hook.appTerminate(() => {
  seen.hooks.push('appTerminate');
});
app.hook.preInvocation((context) => {
  seen.hooks.push(`pre ${context.invocationContext.functionName}`);
  context.hookData.mark = 'set before';
});
app.hook.postInvocation((context) => {
  seen.hooks.push(`post ${context.invocationContext.functionName} ${context.hookData.mark}`);
  if (String(context.error).includes('forgiven')) {
    context.error = null;
    context.result = { status: 418 };
  }
});
app.hook.log((context) => {
  if (context.category === 'user') context.message = context.message.replace('s3cret', '***');
});

async function echo(request: HttpRequest, context: InvocationContext): Promise<HttpResponseInit> {
  context.log('echo of s3cret %s', request.method);
  return {
    status: 201,
    headers: { 'x-fixture': 'yes' },
    jsonBody: {
      method: request.method,
      url: request.url,
      params: request.params,
      query: Object.fromEntries(request.query),
      headers: Object.fromEntries(request.headers),
      body: await request.text(),
      traceContext: context.traceContext,
      triggerMetadata: context.triggerMetadata ?? null,
    },
  };
}

app.http('echo', {
  route: 'things/{id}',
  methods: ['GET', 'POST', 'PUT', 'HEAD'],
  authLevel: 'anonymous',
  handler: echo,
});
app.http('literal', { route: 'things/first', authLevel: 'anonymous', handler: () => ({ body: 'literal' }) });
app.http('typed', { route: 'typed/{number:int}/{rest?}', authLevel: 'anonymous', handler: echo });
app.http('badge', { route: 'badges/{name}.svg', authLevel: 'anonymous', handler: echo });
app.http('files', { route: 'files/{*path}', authLevel: 'anonymous', handler: echo });
app.http('locked', { authLevel: 'function', handler: () => ({ body: 'open' }) });
app.http('adminOnly', { authLevel: 'admin', handler: () => ({ body: 'open' }) });
app.http('nothing', { authLevel: 'anonymous', handler: async () => await Promise.resolve(undefined as never) });
app.http('broken', {
  authLevel: 'anonymous',
  handler: () => {
    throw new Error('broken on purpose');
  },
});
app.http('forgiven', {
  authLevel: 'anonymous',
  handler: () => {
    throw new Error('forgiven');
  },
});
app.http('lazy', {
  authLevel: 'anonymous',
  handler: async () => {
    const before = Object.hasOwn(globalThis, 'heavyModuleLoaded');
    const { answer } = await import('./heavyModule.ts');
    return { jsonBody: { before, answer } };
  },
});
app.http('slow', {
  authLevel: 'anonymous',
  handler: async (request) => {
    const { setTimeout: wait } = await import('node:timers/promises');
    await wait(Number(request.query.get('ms')));
    return { body: 'done' };
  },
});

app.timer('tick', {
  schedule: '%FIXTURE_SCHEDULE%',
  handler: async (timer) => {
    seen.timers.push(timer);
    seen.runningTicks += 1;
    seen.mostRunningTicks = Math.max(seen.mostRunningTicks, seen.runningTicks);
    await new Promise((resolve) => setTimeout(resolve, seen.tickMs));
    seen.runningTicks -= 1;
  },
});

const forwarded = output.storageQueue({ queueName: 'forwarded', connection: 'AzureWebJobsStorage' });
app.storageQueue('work', {
  queueName: 'work',
  connection: 'AzureWebJobsStorage',
  extraOutputs: [forwarded],
  handler: async (body, context) => {
    seen.messages.push({ body, metadata: context.triggerMetadata });
    const order = body as { fail?: boolean; forward?: unknown; waitMs?: number };
    context.log('attempt %d at %j', context.triggerMetadata?.dequeueCount, body);
    if (order.waitMs !== undefined) await new Promise((resolve) => setTimeout(resolve, order.waitMs));
    if (order.fail) throw new Error('failed on purpose');
    if (order.forward !== undefined) context.extraOutputs.set(forwarded, order.forward);
  },
});
