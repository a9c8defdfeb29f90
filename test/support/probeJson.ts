/** A probe as somebody would write it, with nothing but what is required; `changes` replace or, being undefined, remove fields. */
export function probeJson(changes: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> {
  return {
    name: 'weu-key',
    idScope: '0ne00A1B2C3',
    registrationId: 'canary-001',
    attestation: { type: 'symmetricKey', secret: 'canary-001-key' },
    ...changes,
  };
}
