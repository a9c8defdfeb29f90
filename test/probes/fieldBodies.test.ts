/** Bodies of the real service, as public traces show them, from the wire to the verdict. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { authority, localProbe, run } from '../support/localProbe.ts';
import { type ScriptedServer, type Step, startScriptedServer } from '../support/scriptedServer.ts';

const bodies = JSON.parse(readFileSync(new URL('../support/dpsBodies.json', import.meta.url), 'utf8'));
const right: Step = { do: 'right' };

let server: ScriptedServer;
beforeAll(async () => {
  server = await startScriptedServer(await authority.issueServer());
});
afterAll(() => server.close());

let devices = 0;
function play(steps: readonly Step[], over: Record<string, unknown> = {}) {
  devices += 1;
  const registrationId = `device-${devices}`;
  server.play(registrationId, [right, right, ...steps]);
  return run(localProbe({ ...server, idScope: '0neLOCAL' }, { registrationId, timeoutSeconds: 10, ...over }));
}

function respond(topic: string, body: unknown, qos: 0 | 1 = 1): Step {
  return { do: 'answer', topic, body: typeof body === 'string' ? body : JSON.stringify(body), qos };
}
const finished = (body: unknown, rid = 1) => respond(`$dps/registrations/res/200/?$rid=${rid}`, body);
const refused = { expect: { result: 'refused' } };

describe('bodies of the real service', () => {
  it('register and poll as received: 202 with retry-after 3, then assigned', async () => {
    const { topic, body } = bodies['202'];
    const outcome = await play([
      respond(topic.replace('retry-after=3', 'retry-after=0'), body),
      finished(bodies.assigned.body, 2),
    ]);
    expect(outcome).toMatchObject({
      verdict: 'healthy',
      polls: 1,
      result: {
        kind: 'assigned',
        operationId: '4.d0a671905ea5b2c8.0a1b2c3d-1111-4222-8333-444455556668',
        assignedHub: 'contoso.azure-devices.net',
        deviceId: 'device1',
        substatus: 'initialAssignment',
      },
    });
  });

  it('failed with a refused certificate', async () => {
    const outcome = await play([finished(bodies.failedCertificate.body)]);
    expect(outcome).toMatchObject({
      verdict: 'failing',
      result: { kind: 'failed', phase: 'register', errorCode: 401002, message: 'Invalid certificate' },
    });
    expect(outcome.reasons.join()).toContain('401002');
  });

  it.each([
    ['staleHubLink', 'ErrorCode:IotHubUnauthorizedAccess;Unauthorized'],
    ['staleHubLinkTwoLevels', 'Unauthorized access'],
  ])('failed because DPS cannot enter the hub: %s (field report 6)', async (name, message) => {
    const errorMessage = bodies[name]['registrationState.errorMessage'];
    const state = { status: 'failed', errorCode: 401002, errorMessage };
    const outcome = await play([finished({ operationId: '2.c1.x', status: 'failed', registrationState: state })]);
    expect(outcome).toMatchObject({ verdict: 'failing', result: { kind: 'failed', message } });
    expect(outcome.reasons.join()).toMatch(/the linked hub refuses DPS.*Next: Link the hub again/);
  });

  it('rejected with a wrong key, without a retry-after', async () => {
    const { topic, body } = bodies.wrongKey;
    expect(await play([respond(topic, body)], refused)).toMatchObject({
      verdict: 'healthy',
      result: { kind: 'rejected', phase: 'register', status: 401, ...body },
    });
  });

  it.each([bodies.certificateRefused.body.message, ...bodies.certificateRefused.otherMessages])(
    'rejected with 401002 and the words "%s" (field report 10)',
    async (message) => {
      const body = { ...bodies.certificateRefused.body, message };
      const outcome = await play([respond('$dps/registrations/res/401/?$rid=1', body)], refused);
      expect(outcome).toMatchObject({ verdict: 'healthy', result: { kind: 'rejected', status: 401, ...body } });
    },
  );

  it.each<{ readonly message: string }>(bodies.invalidArgument)(
    'rejected with 400004: $message (field report 13)',
    async (body) => {
      const outcome = await play([respond('$dps/registrations/res/400/?$rid=1', body)]);
      expect(outcome).toMatchObject({ verdict: 'failing', result: { kind: 'rejected', status: 400, ...body } });
      expect(outcome.reasons.join()).toContain(body.message);
    },
  );
});

describe('forms that ids, times and responses have (field report 21)', () => {
  const guid = '0a1b2c3d-1111-4222-8333-444455556666';
  const assigned = bodies.assigned.body;

  it.each([
    `0.a1b2c3d4e5f60718.${guid}`,
    `2.a1b2c3d4e5f60718.${guid}`,
    `4.a1b2c3d4e5f60718.${guid}`,
    `5.a1b2c3d4e5f60718.${guid}`,
    `my-device.${guid}`,
    `My:Device_1.a-b.${guid}`,
  ])('polls with the operationId %s', async (operationId) => {
    const outcome = await play([
      respond('$dps/registrations/res/202/?$rid=1&retry-after=0', { operationId, status: 'assigning' }),
      finished({ ...assigned, operationId }, 2),
    ]);
    expect(outcome).toMatchObject({ verdict: 'healthy', result: { operationId } });
  });

  it.each([
    '2022-09-05T11:40:18.035Z',
    '2020-04-10T05:24:22.4718526Z',
    '2022-09-05T11:40:18.035277889+00:00',
    '12/10/2020 06:42:31',
  ])('reads an error of the time %s, with the tracking ID of its form', async (timestampUtc) => {
    for (const trackingId of [guid, `0a1b2c3d4e5f60718293a4b5c6d7e8f9-G:10-TimeStamp:${timestampUtc}`]) {
      const body = { errorCode: 401000, trackingId, message: 'Unauthorized', timestampUtc };
      const outcome = await play([respond('$dps/registrations/res/401/?$rid=1', body)]);
      expect(outcome.result).toMatchObject(body);
    }
  });

  it.each(['"IjAwMDAi"', '"00000000-0000-0000-0000-000000000000"', 'W/"1"', ''])(
    'is assigned with any etag %s and any form of times',
    async (etag) => {
      const state = { ...assigned.registrationState, etag, createdDateTimeUtc: '2022-09-05T11:40:18.035277889+00:00' };
      expect(await play([finished({ ...assigned, registrationState: state })])).toMatchObject({ verdict: 'healthy' });
    },
  );

  it('accepts registrationStatus instead of registrationState, as in 2017', async () => {
    const { registrationState, ...rest } = assigned;
    const outcome = await play([finished({ ...rest, registrationStatus: registrationState })]);
    expect(outcome).toMatchObject({ verdict: 'healthy', result: { assignedHub: 'contoso.azure-devices.net' } });
  });

  it('accepts responses at QoS 0, and parameters in any order', async () => {
    const outcome = await play([
      respond('$dps/registrations/res/202/?retry-after=0&$rid=1', bodies['202'].body, 0),
      respond('$dps/registrations/res/200/?x=y&$rid=2', assigned, 0),
    ]);
    expect(outcome).toMatchObject({ verdict: 'healthy', polls: 1 });
  });
});
