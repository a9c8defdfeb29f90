import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { probesJsonSchema } from '../../src/config/jsonSchema.ts';
import { compile, needsBicep } from '../support/bicep.ts';

/** The constraints that both languages support. Bicep has no patterns and no fractions. */
interface Shape {
  readonly kind: string;
  readonly required?: boolean;
  readonly values?: readonly string[];
  readonly range?: readonly [number | undefined, number | undefined];
  readonly items?: Shape;
  readonly fields?: { readonly [name: string]: Shape };
  readonly cases?: { readonly [type: string]: Shape };
}

const definition = z.object({
  $ref: z.string().optional(),
  type: z.string().optional(),
  nullable: z.boolean().optional(),
  allowedValues: z.array(z.string()).optional(),
  minValue: z.number().optional(),
  maxValue: z.number().optional(),
  additionalProperties: z.json().optional(),
  get items() {
    return definition.optional();
  },
  get properties() {
    return z.record(z.string(), definition).optional();
  },
  get discriminator() {
    return z.object({ mapping: z.record(z.string(), definition) }).optional();
  },
});
type Definition = z.infer<typeof definition>;
const armTemplate = z.object({ definitions: z.record(z.string(), definition) });

function shapeOfDefinition(given: Definition, all: { readonly [name: string]: Definition }): Shape {
  const referred = given.$ref === undefined ? undefined : all[given.$ref.replace('#/definitions/', '')];
  const { type, allowedValues, minValue, maxValue, items, properties, discriminator } = referred ?? given;
  if (discriminator)
    return { kind: 'choice', cases: mapValues(discriminator.mapping, (one) => shapeOfDefinition(one, all)) };
  if (allowedValues) return { kind: 'string', values: allowedValues.toSorted() };
  if (type === 'int') return { kind: 'number', range: [minValue, maxValue] };
  if (items) return { kind: 'array', items: shapeOfDefinition(items, all) };
  if (properties) {
    const fields = mapValues(properties, (one) => ({
      ...shapeOfDefinition(one, all),
      required: one.nullable !== true,
    }));
    return { kind: 'object', fields };
  }
  if (type === 'bool') return { kind: 'boolean' };
  return { kind: type === undefined || type === 'object' ? 'anything' : 'string' };
}

const schema = z.object({
  $ref: z.string().optional(),
  type: z.string().optional(),
  enum: z.array(z.string()).optional(),
  const: z.string().optional(),
  minimum: z.number().optional(),
  exclusiveMinimum: z.number().optional(),
  maximum: z.number().optional(),
  required: z.array(z.string()).optional(),
  get items() {
    return schema.optional();
  },
  get properties() {
    return z.record(z.string(), schema).optional();
  },
  get oneOf() {
    return z.array(schema).optional();
  },
});
type Schema = z.infer<typeof schema>;
const jsonSchema = z.object({ $defs: z.object({ Probe: schema }) });

function shapeOfSchema(given: Schema): Shape {
  const { $ref, type, oneOf, items, properties, required = [] } = given;
  if ($ref !== undefined) return { kind: 'anything' }; // the one reference left is to any JSON
  if (oneOf) {
    const cases = oneOf.map((one) => [one.properties?.type?.const ?? '', shapeOfSchema(one)] as const);
    return { kind: 'choice', cases: Object.fromEntries(cases) };
  }
  const values = given.enum ?? (given.const === undefined ? undefined : [given.const]);
  if (values) return { kind: 'string', values: values.toSorted() };
  if (type === 'integer' || type === 'number') return { kind: 'number', range: wholeRange(given) };
  if (items) return { kind: 'array', items: shapeOfSchema(items) };
  if (properties) {
    const fields = Object.entries(properties).map(
      ([name, one]) => [name, { ...shapeOfSchema(one), required: required.includes(name) }] as const,
    );
    return { kind: 'object', fields: Object.fromEntries(fields) };
  }
  return { kind: type ?? 'anything' };
}

/** Bicep has only whole numbers, so "above zero" means from one. The largest safe integer is not a configured bound. */
function wholeRange({ minimum, exclusiveMinimum, maximum }: Schema): readonly [number | undefined, number | undefined] {
  const from = exclusiveMinimum === undefined ? minimum : exclusiveMinimum + 1;
  return [from, maximum === Number.MAX_SAFE_INTEGER ? undefined : maximum];
}

function mapValues<T, R>(record: { readonly [name: string]: T }, map: (value: T) => R): { readonly [name: string]: R } {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, map(value)]));
}

describe('a probe in a parameter file', needsBicep, () => {
  let inBicep: Shape;
  const inJsonSchema = shapeOfSchema(jsonSchema.parse(probesJsonSchema()).$defs.Probe);

  beforeAll(async () => {
    const { definitions } = armTemplate.parse(await compile('infra/types.bicep'));
    inBicep = shapeOfDefinition({ $ref: '#/definitions/probe' }, definitions);
  }, 120_000);

  it('has every field, allowed value and bound that the JSON Schema of the app has, and no other', () => {
    expect(inBicep).toEqual(inJsonSchema);
  });

  it('is compared in full: attestations by type, and expectations', () => {
    expect(Object.keys(inJsonSchema.fields ?? {}).length).toBeGreaterThanOrEqual(12);
    expect(Object.keys(inJsonSchema.fields?.attestation?.cases ?? {})).toEqual(['symmetricKey', 'x509']);
    expect(inJsonSchema.fields?.expect?.fields).toHaveProperty('rootFingerprints');
  });

  it('refuses fields that it does not know', async () => {
    const { definitions } = armTemplate.parse(await compile('infra/types.bicep'));
    const open = ['probe', 'symmetricKeyAttestation', 'x509Attestation', 'expectation', 'issuedCertificateDays'].filter(
      (name) => definitions[name]?.additionalProperties !== false,
    );
    expect(open).toEqual([]);
  }, 120_000);
});
