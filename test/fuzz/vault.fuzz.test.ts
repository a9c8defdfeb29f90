/**
 * For everything that the vault and the identity endpoint can send, the reader returns a secret or a named reason, in time, and no reason
 * contains a secret.
 */
import { once } from 'node:events';
import { createServer as createHttpServer, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createSecretReader } from '../../src/keyvault/secretReader.ts';
import type { SecretResult } from '../../src/keyvault/secretResult.ts';
import { readCredential } from '../../src/probes/credential.ts';
import { authority } from '../support/localProbe.ts';
import { createTally, fuzzRuns, fuzzScale, fuzzTimeoutMs, holdsAlways, printFigures } from './fuzzRuns.ts';

const runs = fuzzRuns(48);
const readersAtOnce = 16 * fuzzScale;
const timeoutMs = 400 * fuzzScale;
const toleranceMs = 10_000;
const token = 'an.access.token-that-nobody-may-ever-see';
const identityHeader = 'the-header-that-proves-this-app-to-its-platform';

/** Exhaustive by its type. */
const namedKinds: { readonly [kind in SecretResult['kind']]: true } = {
  found: true,
  notFound: true,
  forbidden: true,
  disabled: true,
  expired: true,
  notYetValid: true,
  throttled: true,
  unreachable: true,
  unauthenticated: true,
};

interface Said {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly how: 'whole' | 'cut' | 'reset' | 'silent';
}

const headerText = fc.string({ maxLength: 20 }).filter((text) => /^[\x20-\x7e]*$/.test(text));
const headers = fc.dictionary(
  fc.constantFrom('www-authenticate', 'retry-after', 'content-type', 'location', 'content-encoding', 'x-ms-request-id'),
  fc.oneof(
    headerText,
    fc.constantFrom(
      'Bearer authorization="https://login.invalid/t", resource="https://vault.azure.net"',
      'Wed, 21 Oct 2026 07:28:00 GMT',
      '999999999999',
      'gzip',
      'application/json',
    ),
  ),
  { maxKeys: 3 },
);
const text = fc.string({ unit: 'binary', maxLength: 40 });
const time = fc.oneof(fc.integer(), fc.constantFrom(1e15, -1e15, 8.64e12, 'soon', null));
const how = fc.constantFrom<Said['how']>('whole', 'whole', 'whole', 'whole', 'cut', 'reset', 'silent');
const status = fc.oneof(
  { weight: 3, arbitrary: fc.constant(200) },
  { weight: 2, arbitrary: fc.constantFrom(400, 401, 403, 404, 429, 500, 503) },
  { weight: 1, arbitrary: fc.integer({ min: 200, max: 599 }) },
);
const secretBody = fc
  .record(
    {
      value: fc.oneof(text, fc.integer(), fc.constant(null)),
      id: fc.oneof(text, fc.constant('https://localhost/secrets/key/v1')),
      contentType: text,
      attributes: fc.oneof(
        fc.record({ enabled: fc.oneof(fc.boolean(), text), exp: time, nbf: time }, { requiredKeys: [] }),
        fc.constant(null),
      ),
    },
    { requiredKeys: [] },
  )
  .map((body) => JSON.stringify(body));
const errorBody = fc
  .record({
    error: fc.record({ code: text, message: text, innererror: fc.record({ code: text }) }, { requiredKeys: [] }),
  })
  .map((body) => JSON.stringify(body));
const tokenBody = fc
  .record(
    {
      access_token: fc.oneof(fc.constant(token), fc.integer()),
      expires_on: fc.oneof(fc.constant('4102444800'), text, fc.integer()),
      resource: text,
      token_type: fc.constantFrom('Bearer', ''),
    },
    { requiredKeys: [] },
  )
  .map((body) => JSON.stringify(body));
const said = (body: fc.Arbitrary<string>): fc.Arbitrary<Said> =>
  fc.record({
    status,
    headers,
    body: fc.oneof({ weight: 4, arbitrary: body }, { weight: 1, arbitrary: errorBody }, fc.json(), text),
    how,
  });
const rightToken: Said = {
  status: 200,
  headers: {},
  body: JSON.stringify({
    access_token: token,
    expires_on: '4102444800',
    resource: 'https://vault.azure.net',
    token_type: 'Bearer',
  }),
  how: 'whole',
};

/** The responses of the identity endpoint by client ID, and of the vault by the secret's name, which is the same. */
const scripts = new Map<string, { readonly identity: Said; readonly vault: Said }>();
let vaultUrl = '';
const servers: Server[] = [];

beforeAll(async () => {
  const identity = createHttpServer((request, response) => {
    const clientId = new URL(request.url ?? '', 'http://localhost').searchParams.get('client_id');
    say(response, scriptOf(clientId).identity);
  });
  const vault = createHttpsServer(await authority.issueServer(), (request, response) => {
    const challenged = request.headers.authorization !== undefined;
    const challenge = {
      'www-authenticate':
        'Bearer authorization="https://login.microsoftonline.com/tenant", resource="https://vault.azure.net"',
    };
    const [name] = /(?<=\/secrets\/)[^/?]+/.exec(request.url ?? '') ?? [];
    say(response, challenged ? scriptOf(name).vault : { status: 401, headers: challenge, body: '', how: 'whole' });
  });
  for (const server of [identity, vault]) {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    servers.push(server);
  }
  vaultUrl = `https://localhost:${portOf(vault)}`;
  process.env.IDENTITY_ENDPOINT = `http://127.0.0.1:${portOf(identity)}/msi/token`;
  process.env.IDENTITY_HEADER = identityHeader;
});
afterAll(async () => {
  delete process.env.IDENTITY_ENDPOINT;
  delete process.env.IDENTITY_HEADER;
  for (const server of servers) server.close();
});

/** A reader whose deadline has passed may have an open request, which is reset. */
function scriptOf(id: string | null | undefined): { readonly identity: Said; readonly vault: Said } {
  return scripts.get(id ?? '') ?? { identity: { ...rightToken, how: 'reset' }, vault: { ...rightToken, how: 'reset' } };
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

function say(response: ServerResponse, { status: code, headers: sent, body, how: ended }: Said): void {
  response.on('error', () => {});
  if (ended === 'silent') return;
  if (ended === 'reset') return void response.destroy();
  response.writeHead(code, { ...sent, connection: 'close' });
  if (ended === 'whole') return void response.end(body);
  response.write(body.slice(0, body.length / 2) || ' ');
  response.destroy();
}

it(
  'reads a secret, or reports why it cannot',
  async () => {
    const ended = createTally();
    const script = fc.record({ identity: fc.option(said(tokenBody), { nil: rightToken }), vault: said(secretBody) });
    const property = fc.asyncProperty(
      fc.array(script, { minLength: readersAtOnce, maxLength: readersAtOnce }),
      async (all) => {
        const kinds = await Promise.all(
          all.map((one) => {
            // MSAL caches tokens by client ID until the process ends.
            const id = crypto.randomUUID();
            scripts.set(id, one);
            return readOne(id).finally(() => scripts.delete(id));
          }),
        );
        for (const kind of kinds) ended.count(kind);
      },
    );
    await holdsAlways(property, runs / readersAtOnce);
    printFigures('vault and identity', ended.figures());
  },
  fuzzTimeoutMs,
);

async function readOne(id: string): Promise<SecretResult['kind']> {
  const reader = createSecretReader({ vaultUrl, identity: { managedIdentity: true, clientId: id } });
  const start = performance.now();
  const signal = AbortSignal.timeout(timeoutMs);
  const result = await reader.read(id, signal);
  expect(performance.now() - start).toBeLessThan(timeoutMs + toleranceMs);
  expect(namedKinds).toHaveProperty(result.kind);

  const attestation = {
    type: 'symmetricKey',
    secret: id,
    enrollment: 'individual',
    tokenLifetimeSeconds: 3600,
  } as const;
  const device = { idScope: '0ne', registrationId: 'one', attestation };
  const credential = await readCredential(device, async () => result, signal);
  if (credential.kind === 'credential') return result.kind;
  const seen = `${JSON.stringify(credential)}${inspect(credential, { depth: 20 })}`;
  for (const secret of [token, identityHeader]) expect(seen).not.toContain(secret);
  expect(credential.message.isWellFormed()).toBe(true);
  expect(credential.message.length).toBeLessThan(2_000);
  return result.kind;
}
