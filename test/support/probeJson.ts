/** A probe as written in JSON, with only the required fields; `changes` replace fields or, if undefined, remove them. */
export function probeJson(changes: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> {
  return {
    name: 'weu-key',
    idScope: '0ne00A1B2C3',
    registrationId: 'canary-001',
    attestation: { type: 'symmetricKey', secret: 'canary-001-key' },
    ...changes,
  };
}
