/** The responses of the service, one constructor each: https://learn.microsoft.com/azure/key-vault/general/rest-error-codes */

export interface VaultResponse {
  readonly status: number;
  readonly body: object | string;
  readonly headers?: Readonly<Record<string, string>>;
}

export function found(body: object): VaultResponse {
  return { status: 200, body };
}

/** The challenge: a client must send a token for `resource` of this tenant. */
export function unauthorized(tenantId: string, resource: string, message: string): VaultResponse {
  return {
    status: 401,
    headers: {
      'WWW-Authenticate': `Bearer authorization="https://login.microsoftonline.com/${tenantId}", resource="${resource}"`,
    },
    body: failure('Unauthorized', message),
  };
}

export function forbiddenByRole(name: string): VaultResponse {
  const message = [
    'Caller is not authorized to perform action on resource.',
    'If role assignments, deny assignments or role definitions were changed recently, please observe propagation time.',
    "Action: 'Microsoft.KeyVault/vaults/secrets/getSecret/action'",
    `Resource: '/subscriptions/local/resourcegroups/local/providers/microsoft.keyvault/vaults/local/secrets/${name}'`,
    'Assignment: (not found)',
    'Vault: local;location=local',
    '',
  ].join('\r\n');
  return { status: 403, body: failure('Forbidden', message, 'ForbiddenByRbac') };
}

export function forbiddenByFirewall(address: string): VaultResponse {
  const message = `Client address is not authorized and caller is not a trusted service.\r\nClient address: ${address}\r\nVault: local;location=local`;
  return { status: 403, body: failure('Forbidden', message, 'ForbiddenByFirewall') };
}

export function forbiddenByConnection(): VaultResponse {
  const message =
    'Public network access is disabled and request is not from a trusted service nor via an approved private link.\r\nCaller: appid=local;oid=local\r\nVault: local;location=local';
  return { status: 403, body: failure('Forbidden', message, 'ForbiddenByConnection') };
}

export function forbiddenByPolicy(): VaultResponse {
  const message =
    "The user, group or application 'appid=local;oid=local;numgroups=0' does not have secrets get permission on key vault 'local;location=local'. For help resolving this issue, please see https://go.microsoft.com/fwlink/?linkid=2125287";
  return { status: 403, body: failure('Forbidden', message, 'ForbiddenByPolicy') };
}

/** The token was issued by another tenant than the vault's. */
export function invalidIssuer(tenantId: string, resource: string, foundTenantId: string): VaultResponse {
  const issuer = (tenant: string) => `https://sts.windows.net/${tenant}/`;
  const message = `AKV10032: Invalid issuer. Expected one of ${issuer(tenantId)}, found ${issuer(foundTenantId)}.`;
  return unauthorized(tenantId, resource, message);
}

/** The response of a proxy in front of the vault. */
export function proxyRefusal(): VaultResponse {
  return {
    status: 403,
    headers: { 'Content-Type': 'text/html' },
    body: '<html><body><h1>Access denied by policy</h1></body></html>',
  };
}

export function secretDisabled(): VaultResponse {
  return {
    status: 403,
    body: failure('Forbidden', 'Operation get is not allowed on a disabled secret.', 'SecretDisabled'),
  };
}

export function secretNotFound(name: string): VaultResponse {
  const message = `A secret with (name/id) ${name} was not found in this key vault. If you recently deleted this secret you may be able to recover it using the correct recovery command. For help resolving this issue, please see https://go.microsoft.com/fwlink/?linkid=2125182`;
  return { status: 404, body: failure('SecretNotFound', message) };
}

export function badParameter(message: string): VaultResponse {
  return { status: 400, body: failure('BadParameter', message) };
}

export function notFound(): VaultResponse {
  return { status: 404, body: failure('NotFound', 'This stand-in can only read secrets.') };
}

export function throttled(retryAfterSeconds: number | string): VaultResponse {
  return {
    status: 429,
    headers: { 'Retry-After': String(retryAfterSeconds) },
    body: failure(
      'Throttled',
      'Request was not processed because too many requests were received. Reason: VaultRequestTypeLimitReached',
    ),
  };
}

export function unavailable(): VaultResponse {
  return { status: 503, body: failure('ServiceUnavailable', 'The service is temporarily unavailable.') };
}

function failure(code: string, message: string, innerCode?: string): object {
  return { error: { code, message, ...(innerCode !== undefined && { innererror: { code: innerCode } }) } };
}
