/** Whatever a server says, a run ends once, in time, in one of the named ways, and keeps nothing open and nothing secret. */
import { inspect } from 'node:util';
import fc from 'fast-check';
import type { Packet } from 'mqtt-packet';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Outcome } from '../../src/outcomes/outcome.ts';
import { authority, deviceKey, localProbe, run } from '../support/localProbe.ts';
import { openResources } from '../support/openResources.ts';
import { type ScriptedServer, type Step, startScriptedServer } from '../support/scriptedServer.ts';

const timeoutSeconds = 0.25;
/** What a machine that is busy with other tests may add. */
const toleranceMs = 1_500;
/** Devices of one script each, at the same time. */
const devicesAtOnce = 12;
/** Some four seconds; more on demand. */
const rounds = Number(process.env.FUZZ_ROUNDS ?? 12);

let server: ScriptedServer;
beforeAll(async () => {
  server = await startScriptedServer(await authority.issueServer());
});
afterAll(() => server.close());

/** Exhaustive by its type: a new kind of result has to be put here. */
const namedKinds: { readonly [kind in Outcome['result']['kind']]: true } = {
  assigned: true,
  failed: true,
  disabled: true,
  rejected: true,
  throttled: true,
  unreachable: true,
  tlsFailed: true,
  webSocketRefused: true,
  connectionRefused: true,
  subscriptionRefused: true,
  connectionLost: true,
  timedOut: true,
  malformedResponse: true,
  hubRefused: true,
  certificateNotIssued: true,
  notRun: true,
};

const status = fc.oneof(fc.constantFrom(200, 202, 401, 404, 429, 500, 503), fc.integer({ min: 0, max: 1_200 }));
const rid = fc.oneof(fc.constantFrom('1', '2', '3'), fc.string({ maxLength: 8 }));
const retryAfter = fc.oneof(
  fc.constantFrom('0', '', '-1', '1e9', 'soon', '99999999999999999999'),
  fc.string({ maxLength: 6 }),
);
const topic = fc.oneof(
  // Most have to reach a question that waits, or what they say is never read.
  {
    weight: 8,
    arbitrary: fc
      .tuple(fc.constantFrom(200, 202, 429), fc.constantFrom('1', '1', '2'))
      .map(([code, id]) => `$dps/registrations/res/${code}/?retry-after=0&$rid=${id}`),
  },
  fc.tuple(status, rid).map(([code, id]) => `$dps/registrations/res/${code}/?$rid=${id}`),
  fc
    .tuple(status, rid, retryAfter)
    .map(([code, id, after]) => `$dps/registrations/res/${code}/?retry-after=${after}&$rid=${id}`),
  fc.constantFrom('$dps/registrations/res/', '$dps/registrations/res/ok', 'telemetry', '$iothub/twin/res/200/?$rid=1'),
  fc.string({ minLength: 1, maxLength: 40 }),
);
const text = fc.string({ unit: 'binary', maxLength: 30 });
const body = fc.oneof(
  fc
    .record(
      {
        operationId: fc.oneof(text, fc.constant(null), fc.integer(), fc.constant('\ud800')),
        status: fc.oneof(fc.constantFrom('assigned', 'assigning', 'unassigned', 'failed', 'disabled'), text),
        registrationState: fc.oneof(
          fc.record(
            {
              assignedHub: text,
              deviceId: text,
              substatus: fc.oneof(text, fc.constant(null)),
              payload: fc.jsonValue(),
            },
            { requiredKeys: [] },
          ),
          fc.constant(null),
        ),
        errorCode: fc.oneof(fc.integer(), fc.double(), text),
      },
      { requiredKeys: [] },
    )
    .map((fields) => JSON.stringify(fields)),
  fc.json(),
  fc.string({ maxLength: 50 }),
);
const packet: fc.Arbitrary<Packet> = fc.oneof(
  fc.record({
    cmd: fc.constant('connack' as const),
    returnCode: fc.integer({ min: 0, max: 255 }),
    sessionPresent: fc.boolean(),
  }),
  fc.record({
    cmd: fc.constant('suback' as const),
    messageId: fc.integer({ min: 1, max: 3 }),
    granted: fc.array(fc.constantFrom(0, 1, 2, 128), { minLength: 1, maxLength: 3 }),
  }),
  fc.record({
    cmd: fc.constantFrom('puback' as const, 'pubrec' as const, 'pubrel' as const, 'pubcomp' as const),
    messageId: fc.integer({ min: 1, max: 4 }),
  }),
  fc.record({ cmd: fc.constantFrom('pingresp' as const, 'pingreq' as const, 'disconnect' as const) }),
);

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom<Step>({ do: 'right' }, { do: 'twice' }) },
  {
    weight: 2,
    arbitrary: fc.constantFrom<Step>(
      { do: 'silence' },
      { do: 'close' },
      { do: 'reset' },
      { do: 'foreignRid' },
      { do: 'echoPassword' },
    ),
  },
  { weight: 2, arbitrary: packet.map((sent): Step => ({ do: 'packet', packet: sent })) },
  {
    weight: 1,
    arbitrary: fc.uint8Array({ minLength: 1, maxLength: 40 }).map((bytes): Step => ({ do: 'bytes', bytes })),
  },
  {
    weight: 1,
    arbitrary: fc.uint8Array({ minLength: 1, maxLength: 40 }).map((bytes): Step => ({ do: 'rawBytes', bytes })),
  },
  {
    weight: 4,
    arbitrary: fc
      .tuple(topic, body, fc.constantFrom(0 as const, 1 as const, 2 as const))
      .map(([t, b, qos]): Step => ({ do: 'answer', topic: t, body: b, qos })),
  },
);
/** The first answer lets the device in most times: what is behind it is the interesting part. */
const script = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.array(step, { maxLength: 6 }).map((steps): Step[] => [{ do: 'right' }, { do: 'right' }, ...steps]),
  },
  { weight: 1, arbitrary: fc.array(step, { maxLength: 6 }) },
);

let devices = 0;

it.each(['mqtt', 'mqtt-ws'] as const)('a run over %s ends well, whatever the server does', async (transport) => {
  const property = fc.asyncProperty(
    fc.array(script, { minLength: devicesAtOnce, maxLength: devicesAtOnce }),
    async (scripts) => {
      await Promise.all(scripts.map((injected) => playOne(transport, injected)));
      await expect.poll(openResources, { timeout: 2_000, interval: 5 }).toEqual({ TCPServerWrap: 2 });
    },
  );
  await fc.assert(property, { numRuns: rounds });
});

async function playOne(transport: 'mqtt' | 'mqtt-ws', injected: readonly Step[]): Promise<void> {
  devices += 1;
  const registrationId = `device-${devices}`;
  server.play(registrationId, injected);
  const probe = localProbe({ ...server, idScope: '0neLOCAL' }, { registrationId, transport, timeoutSeconds });
  const outcome = await run(probe);
  expect(namedKinds).toHaveProperty(outcome.result.kind);
  expect(outcome.durationMs).toBeLessThan(timeoutSeconds * 1000 + toleranceMs);
  expectNoSecret(outcome, server.connectOf(registrationId)?.password?.toString());
}

function expectNoSecret(outcome: Outcome, password: string | undefined): void {
  const seen = `${JSON.stringify(outcome)}${inspect(outcome, { depth: 20 })}`;
  expect(seen).not.toContain(deviceKey);
  const signature = /sig=([^&]+)/.exec(password ?? '')?.[1];
  if (signature === undefined) return; // it came no further than the handshake
  expect(signature.length).toBeGreaterThan(40);
  for (const form of [signature, decodeURIComponent(signature)]) expect(seen).not.toContain(form.slice(0, 20));
}
