/** `npm run openapi`: writes docs/openapi.json from the registered routes and their request schemas. */
import { join } from 'node:path';
import * as z from 'zod';
import { isAskedToRun } from './isAskedToRun.ts';
import { type DocumentedResponse, type Operation, operations, tags } from './openApi/operations.ts';
import { components } from './openApi/schemas.ts';
import { projectDirectory, writeIfChanged } from './projectFiles.ts';

const usage = `npm run openapi

  Writes docs/openapi.json: the OpenAPI 3.1 document of the HTTP API.
  Exit code: 0 written, 2 wrong usage.`;

export const openApiPath = join(projectDirectory, 'docs/openapi.json');

type Json = Readonly<Record<string, unknown>>;

export async function openApiText(): Promise<string> {
  return `${JSON.stringify(await openApiDocument(), null, 2)}\n`;
}

/** Describes the routes of this app. Loads every function, which registers its route. */
async function openApiDocument(): Promise<Json> {
  const [{ registeredRoutes }, { version }] = await Promise.all([
    import('../src/app/httpRoute.ts'),
    import('../src/app/version.ts'),
    import('../src/main.ts'),
  ]);
  const paths: Record<string, Record<string, Json>> = {};
  for (const { route, methods, query } of registeredRoutes()) {
    if (route === '{*path}') continue;
    for (const method of methods.filter((one) => one !== 'HEAD')) {
      const operation = operations[`${method} ${route}`];
      if (!operation) throw new Error(`scripts/openApi/operations.ts has no ${method} ${route}`);
      paths[`/${route}`] = { ...paths[`/${route}`], [method.toLowerCase()]: operationOf(operation, route, query) };
    }
  }
  return {
    openapi: '3.1.1',
    info: {
      title: 'DPS Canary',
      version,
      description:
        'Synthetic monitoring for the Azure IoT Hub Device Provisioning Service. HEAD works wherever GET does, and never runs anything. A query parameter that a route does not know is a 400 that names it.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: 'https://{app}/api', variables: { app: { default: 'localhost' } } }],
    security: [{ functionKey: [] }, { functionKeyInQuery: [] }],
    tags: Object.entries(tags).map(([name, description]) => ({ name, description })),
    paths: Object.fromEntries(Object.entries(paths).sort(([a], [b]) => (a < b ? -1 : 1))),
    components: {
      securitySchemes: {
        functionKey: { type: 'apiKey', in: 'header', name: 'x-functions-key' },
        functionKeyInQuery: { type: 'apiKey', in: 'query', name: 'code' },
      },
      schemas: componentSchemas(),
    },
  };
}

function componentSchemas(): Json {
  const { schemas } = z.toJSONSchema(components, { uri: refTo, target: 'draft-2020-12', io: 'input' });
  return Object.fromEntries(
    Object.entries(schemas).map(([id, { $schema: _, $id: __, id: ___, ...schema }]) => [id, schema]),
  );
}

function refTo(id: string): string {
  return `#/components/schemas/${id}`;
}

function operationOf(operation: Operation, route: string, query: z.core.$ZodObject): Json {
  const { operationId, summary, tag, requestBody, requestHeaders = {}, responses } = operation;
  const inPath = [...route.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: name === 'id' ? { type: 'string', pattern: '^[0-9a-f]{24}$' } : { type: 'string' },
  }));
  const inHeader = Object.entries(requestHeaders).map(([name, description]) => ({
    name,
    in: 'header',
    description,
    schema: { type: 'string', minLength: 1, maxLength: 255 },
  }));
  const parameters = [...inPath, ...Object.entries(query._zod.def.shape).map(queryParameter), ...inHeader];
  return {
    operationId,
    summary,
    tags: [tag],
    ...(parameters.length > 0 && { parameters }),
    ...(requestBody && {
      requestBody: { required: true, content: { 'application/json': { schema: schemaOf(requestBody) } } },
    }),
    responses: Object.fromEntries(
      Object.entries(responses).map(([status, response]) => [status, responseOf(response)]),
    ),
  };
}

/** In a URL every value is text. Clients expect numbers as a number type in the document. */
function queryParameter([name, schema]: readonly [string, z.core.$ZodType]): Json {
  const { description, ...json } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  const { $schema: _, maximum, default: byDefault, ...text } = json;
  const isNumber = maximum !== undefined;
  return {
    name,
    in: 'query',
    ...(description && { description }),
    ...(!z.safeParse(schema, undefined).success && { required: true }),
    schema: isNumber ? { type: 'integer', minimum: 1, maximum, default: byDefault } : text,
  };
}

function responseOf({ description, content, headers = {} }: DocumentedResponse): Json {
  return {
    description,
    ...(Object.keys(headers).length > 0 && {
      headers: Object.fromEntries(
        Object.entries(headers).map(([name, about]) => [name, { description: about, schema: { type: 'string' } }]),
      ),
    }),
    content: Object.fromEntries(
      Object.entries(content).map(([type, schema]) => [
        type,
        { schema: schema === 'text' ? { type: 'string' } : schemaOf(schema) },
      ]),
    ),
  };
}

function schemaOf(schema: z.core.$ZodType): Json {
  const id = components.get(schema)?.id;
  if (id === undefined) throw new Error('a schema of the OpenAPI document is not in its components');
  return { $ref: refTo(id) };
}

if (import.meta.main && isAskedToRun(usage)) {
  await writeIfChanged(openApiPath, Buffer.from(await openApiText()));
}
