import * as z from 'zod/mini';
import { alternatives, choiceExpected, closest } from './configurationErrors.ts';
import { looksLikeSecret } from './formats.ts';

/** The name of a Key Vault object: a probe names a secret and never contains it. */
export function keyVaultName(kind: 'secret' | 'certificate') {
  const notItsValue = `expected the name of a Key Vault ${kind}, not its value`;
  return z.string().check(
    z.regex(/^[0-9A-Za-z-]{1,127}$/, {
      error: ({ input }) =>
        looksLikeSecret(String(input))
          ? notItsValue
          : `expected the name of a Key Vault ${kind}: 1 to 127 letters, digits and dashes`,
      abort: true,
    }),
    z.refine((name) => !looksLikeSecret(name), { error: notItsValue }),
  );
}

const enrollment = z._default(z.enum(['individual', 'group']), 'individual').register(z.globalRegistry, {
  description:
    "individual: the secret is this device's own. group: it is the enrollment group's, and the device's key or certificate is made from it.",
});

const symmetricKey = z
  .strictObject({
    type: z.literal('symmetricKey'),
    secret: keyVaultName('secret').register(z.globalRegistry, {
      description: 'Name of the Key Vault secret that holds the base64 key.',
    }),
    enrollment,
    tokenLifetimeSeconds: z
      ._default(z.int().check(z.minimum(-86_400), z.maximum(86_400)), 3600)
      .register(z.globalRegistry, {
        description:
          'How long the SAS token is valid, in seconds. Negative: a token that has already expired, for a refusal canary.',
      }),
  })
  .register(z.globalRegistry, {
    title: 'Symmetric key',
    description: 'The device signs a SAS token with its key, or with one derived from the group key.',
  });

const x509 = z
  .strictObject({
    type: z.literal('x509'),
    certificate: keyVaultName('certificate').register(z.globalRegistry, {
      description: "Name of the Key Vault certificate (PEM or PFX, with its key): the device's own, or the group's CA.",
    }),
    enrollment,
  })
  .register(z.globalRegistry, {
    title: 'X.509 certificate',
    description:
      'The certificate is presented in TLS. Its common name is the registrationId; with a group it is issued in memory.',
  });

/** How the simulated device proves itself. */
export const attestationSchema = z
  .discriminatedUnion('type', [symmetricKey, x509], {
    error: (issue) => (issue.code === 'invalid_union' ? typeExpected(issue.input) : undefined),
  })
  .register(z.globalRegistry, { description: 'How the device proves itself.' });

const types = ['symmetricKey', 'x509'];

function typeExpected(attestation: unknown): string {
  if (!(attestation instanceof Object)) return `expected an object with type ${alternatives(types)}`;
  if (!('type' in attestation)) {
    const misspelt = Object.keys(attestation).find((field) => closest(field, ['type']) !== undefined);
    return `required, but missing: ${alternatives(types)}${misspelt === undefined ? '' : ` (did you mean it by "${misspelt}"?)`}`;
  }
  const { type } = attestation;
  // TPM attestation is not offered over MQTT: https://learn.microsoft.com/azure/iot-dps/iot-dps-mqtt-support
  const isTpm = typeof type === 'string' && type.toLowerCase() === 'tpm';
  return isTpm
    ? 'DPS does not offer TPM attestation over MQTT: expected symmetricKey or x509'
    : choiceExpected(types, type);
}
