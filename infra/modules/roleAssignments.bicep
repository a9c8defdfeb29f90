metadata description = 'Role assignments of one principal: the least privileged roles that work. The description of each is the name of its role, because a plan shows only IDs. Deployed once for the resource group of the app, and once for that of the vault.'

@description('Resource ID of the identity. It is part of the name of each assignment.')
param identityId string

@description('Object ID of the identity.')
param principalId string

@description('Type of the principal. Null: the user or service principal that deploys.')
param principalType 'ServicePrincipal'?

@description('Roles on storage accounts.')
param storage storageGrant[] = []

@description('Name of the Application Insights component to write telemetry to.')
param componentName string?

@description('Name of the provisioning service to create enrollments in.')
param provisioningServiceName string?

@description('Name of the vault.')
param vaultName string?

@description('Roles on the vault, or only on the named secrets.')
param vaultRoles ('Key Vault Secrets User' | 'Key Vault Secrets Officer' | 'Key Vault Certificates Officer')[] = []

@description('Names of the secrets to which the roles are limited. Empty: the whole vault.')
param secretNames string[] = []

@description('A role on one storage account.')
type storageGrant = {
  @description('Name of the account.')
  account: string

  @description('Name of the role.')
  role: 'Storage Blob Data Owner' | 'Storage Queue Data Contributor' | 'Storage Table Data Contributor'
}

var roleIds = {
  // The host leases blobs and stores its function keys in them. Its documentation requires the owner role.
  'Storage Blob Data Owner': 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b'
  // Contributor, because the host moves a failed message to a poison queue.
  'Storage Queue Data Contributor': '974c5e8b-45b9-4653-ba55-5f855dd0fb88'
  'Storage Table Data Contributor': '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3'
  // The app reads certificates and their private keys as secrets, so it needs no certificate role.
  'Key Vault Secrets User': '4633458b-17de-408a-b874-0445c86b69e6'
  'Key Vault Secrets Officer': 'b86a8fe4-44ce-4948-aee5-eccb2c155cd7'
  'Key Vault Certificates Officer': 'a4417e6f-fecd-4de8-b567-7b0420556985'
  'Device Provisioning Service Data Contributor': 'dfce44e4-17b7-4bd1-a6d1-04996ec95633'
  'Monitoring Metrics Publisher': '3913510d-42f4-4e42-8a64-420c390055eb'
}

resource accounts 'Microsoft.Storage/storageAccounts@2025-06-01' existing = [
  for grant in storage: {
    name: grant.account
  }
]

resource storageRoles 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for (grant, index) in storage: {
    name: guid(accounts[index].id, identityId, roleIds[grant.role])
    scope: accounts[index]
    properties: {
      principalId: principalId
      principalType: principalType
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleIds[grant.role])
      description: grant.role
    }
  }
]

resource component 'Microsoft.Insights/components@2020-02-02' existing = if (componentName != null) {
  name: componentName ?? 'none'
}

resource componentRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (componentName != null) {
  name: guid(component.id, identityId, roleIds['Monitoring Metrics Publisher'])
  scope: component
  properties: {
    principalId: principalId
    principalType: principalType
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      roleIds['Monitoring Metrics Publisher']
    )
    description: 'Monitoring Metrics Publisher'
  }
}

resource vault 'Microsoft.KeyVault/vaults@2025-05-01' existing = if (vaultName != null) {
  name: vaultName ?? 'none'

  resource secrets 'secrets' existing = [
    for secretName in secretNames: {
      name: secretName
    }
  ]
}

resource wholeVaultRoles 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for role in vaultRoles: if (vaultName != null && empty(secretNames)) {
    name: guid(vault.id, identityId, roleIds[role])
    scope: vault
    properties: {
      principalId: principalId
      principalType: principalType
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleIds[role])
      description: role
    }
  }
]

resource secretRoles 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for (secretName, index) in secretNames: if (vaultName != null) {
    name: guid(vault::secrets[index].id, identityId, roleIds[vaultRoles[0]])
    scope: vault::secrets[index]
    properties: {
      principalId: principalId
      principalType: principalType
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleIds[vaultRoles[0]])
      description: vaultRoles[0]
    }
  }
]

resource provisioningService 'Microsoft.Devices/provisioningServices@2022-12-12' existing = if (provisioningServiceName != null) {
  name: provisioningServiceName ?? 'none'
}

resource provisioningRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (provisioningServiceName != null) {
  name: guid(provisioningService.id, identityId, roleIds['Device Provisioning Service Data Contributor'])
  scope: provisioningService
  properties: {
    principalId: principalId
    principalType: principalType
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      roleIds['Device Provisioning Service Data Contributor']
    )
    description: 'Device Provisioning Service Data Contributor'
  }
}
