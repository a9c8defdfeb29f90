import * as z from 'zod';
import { fieldsByResult } from './expectationSchema.ts';
import { probeSchema } from './probe.ts';
import { probesSchema } from './probes.ts';

type JsonSchema = z.core.JSONSchema.BaseSchema;

/**
 * JSON Schema (draft 2020-12) of what `PROBES` and `PROBES_FILE` hold, made from the schema that the app itself reads them with, so
 * that editors complete, explain and check each field. What it cannot say, `npm run validate` does: names that are not unique,
 * `withinSeconds` against `timeoutSeconds`, and secrets that look like a name.
 */
export function probesJsonSchema(): JsonSchema {
  return z.toJSONSchema(probesSchema, {
    target: 'draft-2020-12',
    io: 'input',
    override: ({ zodSchema, jsonSchema }) => {
      if (zodSchema === probeSchema) jsonSchema.allOf = rulesBetweenFields();
    },
  });
}

function rulesBetweenFields(): JsonSchema[] {
  const ofExpect = fieldsByResult.map(({ field, results }) =>
    onlyWithResult({ required: ['expect'], properties: { expect: { type: 'object', required: [field] } } }, results),
  );
  return [...ofExpect, onlyWithResult({ required: ['verifyHub'] }, ['assigned'])];
}

/** A result that is not written is `assigned`. */
function onlyWithResult(condition: JsonSchema, results: readonly string[]): JsonSchema {
  const isWritten = results.includes('assigned') ? {} : { required: ['result'] };
  return {
    if: condition,
    // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema, and nothing awaits it
    then: { properties: { expect: { type: 'object', properties: { result: { enum: [...results] } }, ...isWritten } } },
  };
}
