import * as z from 'zod/mini';
import { fieldsByResult } from './expectationSchema.ts';
import { probeFields } from './probe.ts';
import { probesSchema } from './probes.ts';

type JsonSchema = z.core.JSONSchema.BaseSchema;

/**
 * JSON Schema (draft 2020-12) of `PROBES` and `PROBES_FILE`, generated from the schema that the app parses them with, so that editors
 * complete, explain and check each field. It cannot express some rules, which `npm run validate` checks: unique names, `withinSeconds`
 * below `timeoutSeconds`, `min` below `max`, API versions that are too old, and secrets where a name belongs.
 */
export function probesJsonSchema(): JsonSchema {
  return z.toJSONSchema(probesSchema, {
    target: 'draft-2020-12',
    io: 'input',
    override: ({ zodSchema, jsonSchema }) => {
      if (zodSchema === probeFields) jsonSchema.allOf = rulesBetweenFields();
    },
  });
}

function rulesBetweenFields(): JsonSchema[] {
  const ofExpect = fieldsByResult.map(({ field, results }) =>
    onlyWithResult({ required: ['expect'], properties: { expect: { type: 'object', required: [field] } } }, results),
  );
  const ofCertificate: JsonSchema[] = [
    { required: ['verifyHub'], properties: { verifyHub: { const: 'renew' } } },
    { required: ['expect'], properties: { expect: { type: 'object', required: ['issuedCertificateDays'] } } },
  ];
  return [
    ...ofExpect,
    onlyWithResult({ required: ['verifyHub'] }, ['assigned']),
    ...ofCertificate.map(onlyWithRequestedCertificate),
  ];
}

function onlyWithRequestedCertificate(condition: JsonSchema): JsonSchema {
  return {
    if: condition,
    // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema, and nothing awaits it
    then: { required: ['requestCertificate'], properties: { requestCertificate: { const: true } } },
  };
}

/** A missing result means `assigned`. */
function onlyWithResult(condition: JsonSchema, results: readonly string[]): JsonSchema {
  const isWritten = results.includes('assigned') ? {} : { required: ['result'] };
  return {
    if: condition,
    // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema, and nothing awaits it
    then: { properties: { expect: { type: 'object', properties: { result: { enum: [...results] } }, ...isWritten } } },
  };
}
