metadata description = 'The identities and all role assignments: for the apps and, with a sandbox, for the principal that deploys it.'

targetScope = 'subscription'

import { site, tags as tagsType } from '../types.bicep'

@description('Resource group of all resources; an existing vault may be in another one.')
param resourceGroupName string

@description('The locations. The storage of the first one contains the history.')
param sites site[]

@description('Name of the Application Insights component to write telemetry to.')
param componentName string

@description('Resource ID of the vault.')
param vaultId string

@description('Names of the secrets that the apps may read. Empty: every secret of the vault.')
param secretNames string[]

@description('Provisioning service of the sandbox. Null: no sandbox.')
param sandboxServiceName string?

@description('Tags.')
param tags tagsType

var vaultName = split(vaultId, '/')[8]

// The vault may be in another group, or another subscription.
var vaultSubscription = split(vaultId, '/')[2]
var vaultGroup = split(vaultId, '/')[4]

module identities 'identity.bicep' = [
  for site in sites: {
    scope: resourceGroup(resourceGroupName)
    params: { name: 'id-${site.suffix}', location: site.location, tags: tags }
  }
]

module roles 'roleAssignments.bicep' = [
  for (site, index) in sites: {
    scope: resourceGroup(resourceGroupName)
    params: {
      identityId: '${subscription().id}/resourceGroups/${resourceGroupName}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-${site.suffix}'
      principalId: identities[index].outputs.principalId
      principalType: 'ServicePrincipal'
      storage: concat(
        [
          { account: site.storageName, role: 'Storage Blob Data Owner' }
          { account: site.storageName, role: 'Storage Queue Data Contributor' }
          { account: site.storageName, role: 'Storage Table Data Contributor' }
        ],
        index == 0 ? [] : [{ account: sites[0].storageName, role: 'Storage Table Data Contributor' }]
      )
      componentName: componentName
    }
  }
]

module vaultRoles 'roleAssignments.bicep' = [
  for (site, index) in sites: {
    scope: resourceGroup(vaultSubscription, vaultGroup)
    params: {
      identityId: '${subscription().id}/resourceGroups/${resourceGroupName}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-${site.suffix}'
      principalId: identities[index].outputs.principalId
      principalType: 'ServicePrincipal'
      vaultName: vaultName
      vaultRoles: ['Key Vault Secrets User']
      secretNames: secretNames
    }
  }
]

// infra/scripts/sandbox.sh runs as the principal that deploys: it creates enrollments, and puts their keys into the vault.
module sandboxServiceRoles 'roleAssignments.bicep' = if (sandboxServiceName != null) {
  scope: resourceGroup(resourceGroupName)
  params: {
    identityId: 'deployer'
    principalId: deployer().objectId
    provisioningServiceName: sandboxServiceName
  }
}

module sandboxVaultRoles 'roleAssignments.bicep' = if (sandboxServiceName != null) {
  scope: resourceGroup(vaultSubscription, vaultGroup)
  params: {
    identityId: 'deployer'
    principalId: deployer().objectId
    vaultName: vaultName
    vaultRoles: ['Key Vault Secrets Officer', 'Key Vault Certificates Officer']
  }
}
