/** Scripts of servers for fuzzed devices, from valid to absurd responses. */
import fc from 'fast-check';
import type { Packet } from 'mqtt-packet';
import type { Step } from '../support/scriptedServer.ts';

const status = fc.oneof(fc.constantFrom(200, 202, 401, 404, 429, 500, 503), fc.integer({ min: 0, max: 1_200 }));
const rid = fc.oneof(fc.constantFrom('1', '2', '3'), fc.string({ maxLength: 8 }));
const retryAfter = fc.oneof(
  fc.constantFrom('0', '', '-1', '1e9', 'soon', '99999999999999999999'),
  fc.string({ maxLength: 6 }),
);
const topic = fc.oneof(
  // Most responses must match a pending request, otherwise they are not parsed.
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
const steps = fc.array(step, { maxLength: 6 });
const right: Step = { do: 'right' };
const rights = (count: number) => Array.from({ length: count }, () => right);

/** For one device: what DPS sends, and what its hub sends afterwards. */
export const script: fc.Arbitrary<{ readonly dps: readonly Step[]; readonly hub: readonly Step[] }> = fc.oneof(
  // The first responses usually accept the device, because the later ones are more interesting.
  { weight: 4, arbitrary: steps.map((said) => ({ dps: [...rights(2), ...said], hub: [] })) },
  { weight: 1, arbitrary: steps.map((said) => ({ dps: said, hub: [] })) },
  { weight: 3, arbitrary: steps.map((said) => ({ dps: [], hub: [right, ...said] })) },
  { weight: 1, arbitrary: steps.map((said) => ({ dps: [], hub: said })) },
);
