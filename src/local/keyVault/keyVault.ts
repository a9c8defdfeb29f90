/**
 * Stands in for the part of Azure Key Vault that reads secrets, after its REST reference
 * (https://learn.microsoft.com/rest/api/keyvault/secrets/get-secret): HTTPS, the bearer challenge, tokens for its own
 * audience only, versions, and the service's error bodies.
 */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { createServer } from 'node:https';
import { listen } from '../listen.ts';
import type { CheckToken } from '../managedIdentity/accessTokens.ts';
import { createSecretStore, type LocalSecret, secretItem, secretName } from './secretStore.ts';
import { certificateSecret } from './vaultCertificate.ts';
import * as responses from './vaultResponses.ts';

/**
 * forbidden: no role. policy: no access policy. firewall: the caller's network is not allowed. connection: private endpoint only. tenant:
 * the token is of another tenant. proxy: 403 from a proxy in front of the vault. throttled: 429. unavailable: 503. malformed: 200 with a
 * body that is not JSON. silent: never responds. slow: the right response, late.
 */
export const keyVaultFaults = [
  'forbidden',
  'policy',
  'firewall',
  'connection',
  'tenant',
  'proxy',
  'throttled',
  'unavailable',
  'malformed',
  'silent',
  'slow',
] as const;
export type KeyVaultFault = (typeof keyVaultFaults)[number];

export interface KeyVaultOptions {
  /** PEM. */
  readonly certificate: { readonly cert: string; readonly key: string };
  readonly tenantId: string;
  readonly checkToken: CheckToken;
  /** Name to value, or to value and attributes. */
  readonly secrets?: Readonly<Record<string, string | LocalSecret>>;
  /** Default: a free port. */
  readonly port?: number;
  /** Of the fault `slow`; default 1000. */
  readonly slowMs?: number;
  /** Of the fault `throttled`: seconds, or an HTTP date. Default 10. */
  readonly retryAfterSeconds?: number | string;
}

export interface KeyVaultRequest {
  readonly method: string;
  readonly path: string;
  /** A token was sent. `status` shows whether it was accepted. */
  readonly withToken: boolean;
  /** Undefined: no response was sent. */
  readonly status: number | undefined;
}

export interface KeyVault {
  /** For `KEY_VAULT_URL`. */
  readonly url: string;
  /** Every request so far, oldest first. */
  readonly requests: readonly KeyVaultRequest[];
  /** Adds a version, as a rotation does, and returns its id. */
  setSecret(name: string, secret: string | LocalSecret): string;
  /**
   * Adds a certificate with its key and chain, as an import does, and returns the version of its secret: the vault sets the content type,
   * the validity and the form. `pkcs12`: base64 PKCS#12 whose MAC is under the null password. `pem`: key, then chain.
   */
  importCertificate(name: string, pem: string, form: 'pkcs12' | 'pem'): string;
  removeSecret(name: string): void;
  /** Applies to one secret, or to all, until the next call. `undefined` removes the fault. */
  setFault(fault: KeyVaultFault | undefined, name?: string): void;
  close(): Promise<void>;
}

const audience = 'https://vault.azure.net';
const otherTenantId = randomUUID();
const maxPageSize = 25;

export async function startKeyVault(options: KeyVaultOptions): Promise<KeyVault> {
  const store = createSecretStore();
  const requests: KeyVaultRequest[] = [];
  const faults = new Map<string, KeyVaultFault>();
  let faultOfAll: KeyVaultFault | undefined;

  const server = createServer(options.certificate, (request, response) => {
    const target = new URL(request.url ?? '/', 'https://localhost');
    const fault = faults.get(target.pathname.split('/')[2]?.toLowerCase() ?? '') ?? faultOfAll;
    const record = (status: number | undefined) => {
      const withToken = request.headers.authorization !== undefined;
      requests.push({ method: request.method ?? '', path: target.pathname, withToken, status });
    };
    const reply = () => {
      const { status, body, headers } = responseTo(request, target, fault);
      record(status);
      const isMalformed = status === 200 && fault === 'malformed';
      response
        .writeHead(status, {
          'Content-Type': 'application/json; charset=utf-8',
          'x-ms-keyvault-region': 'local',
          'x-ms-request-id': randomUUID(),
          ...headers,
        })
        .end(typeof body === 'string' ? body : JSON.stringify(body).slice(0, isMalformed ? -1 : undefined));
    };

    if (fault === 'silent') {
      record(undefined);
    } else if (fault === 'slow') {
      const timer = setTimeout(reply, options.slowMs ?? 1000);
      response.once('close', () => clearTimeout(timer));
    } else {
      reply();
    }
  });
  const { port, close } = await listen(server, 'The Key Vault stand-in', options.port);
  const url = `https://localhost:${port}`;

  function responseTo(
    request: IncomingMessage,
    target: URL,
    fault: KeyVaultFault | undefined,
  ): responses.VaultResponse {
    if (fault === 'throttled') {
      return responses.throttled(options.retryAfterSeconds ?? 10);
    }
    if (fault === 'unavailable') {
      return responses.unavailable();
    }
    if (fault === 'proxy') {
      return responses.proxyRefusal();
    }
    const [, token] = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '') ?? [];
    const refusal =
      token === undefined ? 'AKV10000: Request is missing a Bearer or PoP token.' : options.checkToken(token, audience);
    if (refusal !== undefined) {
      return responses.unauthorized(options.tenantId, audience, refusal);
    }
    if (fault === 'tenant') {
      return responses.invalidIssuer(options.tenantId, audience, otherTenantId);
    }
    const [collection, name, version, ...rest] = target.pathname.split('/').slice(1);
    if (request.method !== 'GET' || collection !== 'secrets' || name === undefined || rest.length > 0) {
      return responses.notFound();
    }
    if (!target.searchParams.has('api-version')) {
      return responses.badParameter('api-version must be specified');
    }
    if (!secretName.test(name)) {
      return responses.badParameter(`The request URI contains an invalid name: ${name}`);
    }
    if (fault === 'firewall') {
      return responses.forbiddenByFirewall(request.socket.remoteAddress ?? 'unknown');
    }
    if (fault === 'forbidden') {
      return responses.forbiddenByRole(name);
    }
    if (fault === 'policy') {
      return responses.forbiddenByPolicy();
    }
    if (fault === 'connection') {
      return responses.forbiddenByConnection();
    }
    return version === 'versions' ? versionsOf(name, target) : secretOf(name, version);
  }

  /** `/secrets/{name}` and `/secrets/{name}/` are the current version. */
  function secretOf(name: string, version: string | undefined): responses.VaultResponse {
    const secret = version === undefined || version === '' ? store.current(name) : store.find(name, version);
    if (secret === undefined) {
      return responses.secretNotFound(version === undefined || version === '' ? name : `${name}/${version}`);
    }
    if (secret.enabled === false) {
      return responses.secretDisabled();
    }
    // Also returned outside its validity, as by the service:
    // https://learn.microsoft.com/azure/key-vault/secrets/about-secrets#secret-attributes
    return responses.found({ value: secret.value, ...secretItem(url, secret) });
  }

  function versionsOf(name: string, target: URL): responses.VaultResponse {
    const size = Number(target.searchParams.get('maxresults') ?? maxPageSize);
    if (!Number.isInteger(size) || size < 1 || size > maxPageSize) {
      return responses.badParameter(`maxresults must be from 1 to ${maxPageSize}`);
    }
    const start = Number(target.searchParams.get('$skiptoken') ?? 0);
    const versions = store.versions(name);
    const next = new URL(target.pathname + target.search, url);
    next.searchParams.set('$skiptoken', String(start + size));
    return responses.found({
      value: versions.slice(start, start + size).map((secret) => secretItem(url, secret)),
      nextLink: start + size < versions.length ? next.href : null,
    });
  }

  const setSecret = (name: string, secret: string | LocalSecret) =>
    store.set(name, typeof secret === 'string' ? { value: secret } : secret);
  for (const [name, secret] of Object.entries(options.secrets ?? {})) {
    setSecret(name, secret);
  }
  return {
    url,
    requests,
    setSecret,
    importCertificate: (name, pem, form) => setSecret(name, certificateSecret(pem, form)),
    removeSecret: store.remove,
    setFault(fault, name) {
      if (name === undefined) {
        faultOfAll = fault;
      } else if (fault === undefined) {
        faults.delete(name.toLowerCase());
      } else {
        faults.set(name.toLowerCase(), fault);
      }
    },
    close,
  };
}
