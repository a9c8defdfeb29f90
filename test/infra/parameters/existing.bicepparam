using '../../../infra/main.bicep'

param environmentName = 'existing'
param location = 'westeurope'
param probes = [
  {
    name: 'one'
    idScope: '0ne00A1B2C3'
    registrationId: 'canary-001'
    attestation: { type: 'symmetricKey', secret: 'canary-001-key' }
  }
]
param existingKeyVaultId = '/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/rg-keys/providers/Microsoft.KeyVault/vaults/kv-of-the-team'
param existingWorkspaceId = '/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/rg-logs/providers/Microsoft.OperationalInsights/workspaces/log-of-the-team'
param keyVaultAccess = 'namedSecrets'
