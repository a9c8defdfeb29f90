metadata description = 'DPS Canary: simulated devices that register with the Device Provisioning Service all day long, and everything they need.'

targetScope = 'subscription'

import { sandboxProbes } from 'sandboxProbes.bicep'
import { alerting, network as networkType, probe, tags as tagsType } from 'types.bicep'

@description('Name of the environment; resource names and tags are made from it.')
@minLength(1)
@maxLength(24)
param environmentName string

@description('Region of the first app, and of everything that there is once.')
@metadata({ azd: { type: 'location' } })
param location string

@description('Further regions to look from: an app each, one history and one Application Insights for all.')
param additionalLocations string[] = []

@description('Resource group to make or to use.')
param resourceGroupName string = 'rg-${environmentName}'

@description('Tags of every resource.')
param tags tagsType = {}

@description('What to probe. May be empty with the sandbox, which brings its own.')
param probes probe[]

@description('When the timer ticks: six-field NCRONTAB, UTC.')
param probeSchedule string = '0 */5 * * * *'

@description('Days that outcomes are kept.')
@minValue(1)
@maxValue(730)
param outcomeRetentionDays int = 90

@description('Who may see the status page, the badges and the metrics: holders of a function key, or everybody.')
param statusPageAuth 'function' | 'anonymous' = 'function'

@description('Collector that takes spans and metrics of the probes over OTLP. Null: none.')
param otlpEndpoint string?

@description('Major version of Node.')
param nodeVersion '22' | '24' = '24'

@description('Memory of an instance, in MB. 512 is enough for probes; simulations of thousands of devices want 2048.')
param instanceMemoryMB 512 | 2048 | 4096 = 2048

@description('Most instances that a simulation may use.')
@minValue(40)
@maxValue(1000)
param maximumInstanceCount int = 40

@description('Public endpoints, or a virtual network with private endpoints and public access off.')
param network networkType = { kind: 'public' }

@description('Resource ID of a vault that holds the keys already. It must use role-based access. Null: a vault is made.')
param existingKeyVaultId string?

@description('vault: the apps may read every secret in the vault. namedSecrets: only those that the probes name, which must exist by then.')
param keyVaultAccess 'vault' | 'namedSecrets' = 'vault'

@description('Resource ID of a Log Analytics workspace to use. Null: one is made.')
param existingWorkspaceId string?

@description('Days that a workspace made here keeps telemetry.')
@minValue(30)
@maxValue(730)
param telemetryRetentionDays int = 90

@description('Who is told, and when. See docs/operate.md for the rules and their severities.')
param alerts alerting = {}

@description('A provisioning service and a hub of its own, with four probes on them. infra/scripts/sandbox.sh makes their enrollments and keys.')
param sandbox bool = false

@description('Tier of the hub in the sandbox. F1 is free, and there can be one in a subscription.')
param sandboxHubSku 'F1' | 'S1' | 'B1' = 'S1'

var allTags = union(tags, { 'azd-env-name': environmentName })
var allLocations = union([location], additionalLocations)
var token = uniqueString(subscription().id, resourceGroupName, environmentName)

// Names hang on the location and not on its place in the list, so that a location can be taken out of the middle.
var sites = map(allLocations, region => {
  location: region
  suffix: '${region}-${uniqueString(subscription().id, resourceGroupName, environmentName, region)}'
  storageName: 'st${uniqueString(subscription().id, resourceGroupName, environmentName, region)}'
})
var historyStorageName = sites[0].storageName
var componentName = 'appi-${token}'
var workspaceName = 'log-${token}'

var privateNetwork = network.kind == 'private'
var privateInbound = network.kind == 'private' ? network.appInbound == 'private' : false
var fixedOutboundAddress = network.kind == 'private' ? network.fixedOutboundAddress : false
var addressPrefix = network.kind == 'private' ? network.addressPrefix : '10.0.0.0/16'

var vaultIdParts = split(existingKeyVaultId ?? '', '/')
var vaultName = existingKeyVaultId == null ? 'kv-${token}' : vaultIdParts[8]
var vaultGroup = existingKeyVaultId == null ? resourceGroupName : vaultIdParts[4]
var vaultSubscription = existingKeyVaultId == null ? subscription().subscriptionId : vaultIdParts[2]
var vaultId = resourceId(vaultSubscription, vaultGroup, 'Microsoft.KeyVault/vaults', vaultName)
var vaultUrl = 'https://${vaultName}${environment().suffixes.keyvaultDns}'
var workspaceId = existingWorkspaceId ?? resourceId(
  subscription().subscriptionId,
  resourceGroupName,
  'Microsoft.OperationalInsights/workspaces',
  workspaceName
)

// For what needs the names alone; the ID scope of the sandbox is known only once it is there.
var namedProbes = concat(probes, sandbox ? sandboxProbes('known-later') : [])
var secretNames = union(
  [],
  map(
    namedProbes,
    probe => probe.attestation.type == 'symmetricKey' ? probe.attestation.secret : probe.attestation.certificate
  )
)

var zoneNames = {
  blob: 'privatelink.blob.${environment().suffixes.storage}'
  queue: 'privatelink.queue.${environment().suffixes.storage}'
  table: 'privatelink.table.${environment().suffixes.storage}'
  vault: 'privatelink${replace(environment().suffixes.keyvaultDns, '.vault.', '.vaultcore.')}'
  sites: 'privatelink.azurewebsites.net'
}

resource group 'Microsoft.Resources/resourceGroups@2025-04-01' = {
  name: resourceGroupName
  location: location
  tags: allTags
}

module monitoring 'modules/monitoring.bicep' = {
  scope: group
  params: {
    componentName: componentName
    workspaceName: workspaceName
    existingWorkspaceId: existingWorkspaceId
    location: location
    retentionDays: telemetryRetentionDays
    tags: allTags
  }
}

module keyVault 'modules/keyVault.bicep' = if (existingKeyVaultId == null) {
  scope: group
  params: {
    name: vaultName
    location: location
    privateOnly: privateNetwork
    workspaceId: workspaceId
    tags: allTags
  }
  dependsOn: [monitoring]
}

module sandboxService 'modules/sandbox.bicep' = if (sandbox) {
  scope: group
  params: {
    provisioningServiceName: 'provs-${token}'
    hubName: 'iot-${token}'
    hubSku: sandboxHubSku
    location: location
    workspaceId: workspaceId
    tags: allTags
  }
  dependsOn: [monitoring]
}

module identities 'modules/identity.bicep' = [
  for site in sites: {
    scope: group
    params: {
      name: 'id-${site.suffix}'
      location: site.location
      tags: allTags
    }
  }
]

module storage 'modules/storage.bicep' = [
  for site in sites: {
    scope: group
    params: {
      name: site.storageName
      location: site.location
      privateOnly: privateNetwork
      workspaceId: workspaceId
      tags: allTags
    }
    dependsOn: [monitoring]
  }
]

module roles 'modules/roleAssignments.bicep' = [
  for (site, index) in sites: {
    scope: group
    params: {
      identityId: resourceId(
        subscription().subscriptionId,
        resourceGroupName,
        'Microsoft.ManagedIdentity/userAssignedIdentities',
        'id-${site.suffix}'
      )
      principalId: identities[index].outputs.principalId
      storage: concat(
        [
          { account: site.storageName, role: 'Storage Blob Data Owner' }
          { account: site.storageName, role: 'Storage Queue Data Contributor' }
          { account: site.storageName, role: 'Storage Table Data Contributor' }
        ],
        index == 0 ? [] : [{ account: historyStorageName, role: 'Storage Table Data Contributor' }]
      )
      componentName: componentName
    }
    dependsOn: [monitoring, storage]
  }
]

// Where the vault is: in another group, or another subscription, when it is not ours.
module vaultRoles 'modules/roleAssignments.bicep' = [
  for (site, index) in sites: {
    scope: resourceGroup(vaultSubscription, vaultGroup)
    params: {
      identityId: resourceId(
        subscription().subscriptionId,
        resourceGroupName,
        'Microsoft.ManagedIdentity/userAssignedIdentities',
        'id-${site.suffix}'
      )
      principalId: identities[index].outputs.principalId
      vaultName: vaultName
      secretNames: keyVaultAccess == 'namedSecrets' ? secretNames : []
    }
    dependsOn: [keyVault]
  }
]

module networks 'modules/network.bicep' = [
  for (site, index) in sites: if (privateNetwork) {
    scope: group
    params: {
      name: 'vnet-${site.suffix}'
      location: site.location
      addressPrefix: cidrSubnet(addressPrefix, 24, index)
      fixedOutboundAddress: fixedOutboundAddress
      tags: allTags
    }
  }
]

// Vault and history are in the network of the first location: the others reach them through it.
// One at a time: a network takes one change at once.
@batchSize(1)
module peeringsOut 'modules/peering.bicep' = [
  for site in skip(sites, 1): if (privateNetwork) {
    scope: group
    params: { networkName: 'vnet-${sites[0].suffix}', remoteNetworkName: 'vnet-${site.suffix}' }
    dependsOn: [networks]
  }
]

module peeringsBack 'modules/peering.bicep' = [
  for site in skip(sites, 1): if (privateNetwork) {
    scope: group
    params: { networkName: 'vnet-${site.suffix}', remoteNetworkName: 'vnet-${sites[0].suffix}' }
    dependsOn: [networks, peeringsOut]
  }
]

module dns 'modules/privateDns.bicep' = if (privateNetwork) {
  scope: group
  params: {
    zoneNames: map(filter(items(zoneNames), zone => privateInbound || zone.key != 'sites'), zone => zone.value)
    networkNames: map(sites, site => 'vnet-${site.suffix}')
    tags: allTags
  }
  dependsOn: [networks]
}

module dataEndpoints 'modules/privateEndpoints.bicep' = [
  for (site, index) in sites: if (privateNetwork) {
    scope: group
    params: {
      networkName: 'vnet-${site.suffix}'
      location: site.location
      targets: concat(
        map(['blob', 'queue', 'table'], service => {
          resourceId: resourceId(
            subscription().subscriptionId,
            resourceGroupName,
            'Microsoft.Storage/storageAccounts',
            site.storageName
          )
          resourceName: site.storageName
          groupId: service
          zoneName: zoneNames[service]
        }),
        index == 0
          ? [{ resourceId: vaultId, resourceName: vaultName, groupId: 'vault', zoneName: zoneNames.vault }]
          : []
      )
      tags: allTags
    }
    dependsOn: [dns, storage, keyVault]
  }
]

module apps 'modules/functionApp.bicep' = [
  for (site, index) in sites: {
    scope: group
    params: {
      name: 'func-${site.suffix}'
      planName: 'plan-${site.suffix}'
      location: site.location
      // azd deploys to the one app that carries its tag; infra/scripts/deployPackage.sh takes the same package to the others.
      azdServiceName: index == 0 ? 'canary' : ''
      identityName: 'id-${site.suffix}'
      storageName: site.storageName
      historyStorageName: historyStorageName
      componentName: componentName
      vaultUrl: vaultUrl
      probes: concat(probes, sandbox ? sandboxProbes(sandboxService!.outputs.idScope) : [])
      probeSchedule: probeSchedule
      outcomeRetentionDays: outcomeRetentionDays
      statusPageAuth: statusPageAuth
      otlpEndpoint: otlpEndpoint
      nodeVersion: nodeVersion
      instanceMemoryMB: instanceMemoryMB
      maximumInstanceCount: maximumInstanceCount
      subnetId: privateNetwork
        ? resourceId(
            subscription().subscriptionId,
            resourceGroupName,
            'Microsoft.Network/virtualNetworks/subnets',
            'vnet-${site.suffix}',
            'app'
          )
        : null
      privateInbound: privateInbound
      tags: allTags
    }
    // An app that starts before its roles are there reads nothing and writes nothing.
    dependsOn: [roles, vaultRoles, dataEndpoints, peeringsOut, peeringsBack]
  }
]

module appEndpoints 'modules/privateEndpoints.bicep' = [
  for site in sites: if (privateInbound) {
    scope: group
    params: {
      networkName: 'vnet-${site.suffix}'
      location: site.location
      targets: [
        {
          resourceId: resourceId(
            subscription().subscriptionId,
            resourceGroupName,
            'Microsoft.Web/sites',
            'func-${site.suffix}'
          )
          resourceName: 'func-${site.suffix}'
          groupId: 'sites'
          zoneName: zoneNames.sites
        }
      ]
      tags: allTags
    }
    dependsOn: [apps]
  }
]

module alertRules 'modules/alerts.bicep' = {
  scope: group
  params: {
    namePrefix: environmentName
    location: location
    componentName: componentName
    probes: namedProbes
    apps: map(sites, site => { location: site.location, name: 'func-${site.suffix}' })
    settings: alerts
    tags: allTags
  }
  dependsOn: [monitoring]
}

module workbook 'modules/workbook.bicep' = {
  scope: group
  params: {
    displayName: 'DPS Canary (${environmentName})'
    location: location
    componentName: componentName
    tags: allTags
  }
  dependsOn: [monitoring]
}

@description('Resource group.')
output AZURE_RESOURCE_GROUP string = resourceGroupName

@description('The apps, first location first.')
output FUNCTION_APP_NAMES string[] = map(sites, site => 'func-${site.suffix}')

@description('Base URLs of the apps, in the same order.')
output FUNCTION_APP_URLS string[] = [for (site, index) in sites: apps[index].outputs.url]

@description('The status page of the first app. With statusPageAuth function it asks for a key: ?code=….')
output STATUS_PAGE_URL string = '${apps[0].outputs.url}/api/status'

@description('Vault that the keys and certificates go into.')
output KEY_VAULT_NAME string = vaultName

@description('Its URL.')
output KEY_VAULT_URL string = vaultUrl

@description('Application Insights component with the availability results and the workbook.')
output APPLICATION_INSIGHTS_NAME string = componentName

@description('Provisioning service of the sandbox. Empty without one.')
output SANDBOX_DPS_NAME string = sandbox ? 'provs-${token}' : ''

@description('ID scope of the sandbox. Empty without one.')
output SANDBOX_ID_SCOPE string = sandbox ? sandboxService!.outputs.idScope : ''
