/** Why a vault refuses a read, if the status alone does not show it. Each problem has its own next step. */
export type VaultProblem =
  | 'noRole'
  | 'noAccessPolicy'
  | 'firewall'
  | 'privateLinkOnly'
  | 'otherTenant'
  | 'identityEndpoint'
  | 'notKeyVault';

export interface VaultProblemAdvice {
  /** A sentence without its full stop. */
  readonly next: string;
  readonly source: string;
}

const errorCodes = 'https://learn.microsoft.com/azure/key-vault/general/rest-error-codes';

export const vaultProblems: { readonly [problem in VaultProblem]: VaultProblemAdvice } = {
  noRole: {
    next: "Give this app's identity the role Key Vault Secrets User on the vault; a new role takes up to ten minutes to apply",
    source: `${errorCodes} (ForbiddenByRbac)`,
  },
  noAccessPolicy: {
    next: "Add an access policy with the secret permission Get for this app's identity: this vault uses policies, not roles",
    source: `${errorCodes} (ForbiddenByPolicy)`,
  },
  firewall: {
    next: "Allow this app's subnet or outbound address in the vault's firewall (Networking)",
    source: `${errorCodes} (ForbiddenByFirewall)`,
  },
  privateLinkOnly: {
    next: "Give this app a way to the vault's private endpoint (VNet integration and private DNS), or enable public access",
    source: `${errorCodes} (ForbiddenByConnection)`,
  },
  otherTenant: {
    next: "Use an identity of the vault's tenant, or correct KEY_VAULT_URL",
    source: `${errorCodes} (AKV10032)`,
  },
  identityEndpoint: {
    next: 'Wait for the next run, which makes a new client; restart the app if it lasts',
    source: 'https://github.com/Azure/azure-sdk-for-js/issues/39566',
  },
  notKeyVault: {
    next: 'Look for a proxy, a firewall or a sign-in page between this app and the vault that responds in its place; check KEY_VAULT_URL',
    source: 'seen with proxies that refuse or rewrite requests: no error body of Key Vault',
  },
};
