import { createSasToken } from '../../../src/attestation/sasToken.ts';
import { register } from '../../../src/dps/register.ts';
import { createDeadline } from '../../../src/transport/deadline.ts';
import { createRecorder } from '../../../src/transport/recorder.ts';
import { tlsContext } from '../../../src/transport/tlsContext.ts';
import type { BenchDevice } from '../benchDevice.ts';

/**
 * Ours: the same exchange as the product's, with its phases, its transcript and its deadline. With the light check of the server's name
 * it is a simulation's, without it a probe's.
 */
export async function registerWithExchange(device: BenchDevice, lightIdentityCheck = true): Promise<string> {
  const { host, port, idScope, registrationId, key } = device;
  const deadline = createDeadline(60_000);
  const password = createSasToken({
    resource: `${idScope}/registrations/${registrationId}`,
    key: Buffer.from(key, 'base64'),
    expiresAtSeconds: Math.floor(Date.now() / 1000) + 3600,
    policy: 'registration',
  });
  const { result } = await register(
    {
      endpoint: { host, port },
      transport: 'mqtt',
      idScope,
      registrationId,
      apiVersion: '2019-03-31',
      secureContext: tlsContext(),
      password,
    },
    { recorder: createRecorder('dns'), lightIdentityCheck, deadline },
  );
  deadline.end();
  if (result.kind !== 'assigned') throw new Error(`not assigned: ${JSON.stringify(result)}`);
  return result.assignedHub;
}
