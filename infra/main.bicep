metadata description = 'DPS Canary: simulated devices that register with the Device Provisioning Service at regular intervals, and all resources that they need.'

targetScope = 'subscription'

import { sandboxProbes } from 'sandboxProbes.bicep'
import { alerting, network as networkType, probe, secretOf, tags as tagsType, webhookSecrets } from 'types.bicep'

@description('Name of the environment. Resource names and tags are derived from it.')
@minLength(1)
@maxLength(24)
param environmentName string

@description('Region of the first app and of all shared resources.')
@metadata({ azd: { type: 'location' } })
param location string

@description('Further regions to probe from. Each has its own app; all share one history and one Application Insights.')
param additionalLocations string[] = []

@description('Resource group to create or to use.')
param resourceGroupName string = 'rg-${environmentName}'

@description('Tags of all resources.')
param tags tagsType = {}

@description('The probes. May be empty with the sandbox, which has its own probes; otherwise the deployment stops.')
param probes probe[] = []

@description('When the timer runs the probes: six-field NCRONTAB, UTC. With several locations, a schedule that starts at second 0 is spread over the minute.')
param probeSchedule string = '0 */5 * * * *'

@description('Days after which outcomes are deleted.')
@minValue(1)
@maxValue(730)
param outcomeRetentionDays int = 90

@description('Who may read the status page, the badges and the metrics. function: callers with a function key. anonymous: everyone.')
param statusPageAuth 'function' | 'anonymous' = 'function'

@description('Collector that receives spans and metrics of the probes over OTLP. Null: none.')
param otlpEndpoint string?

@description('Vault secrets of the webhook that receives changes of verdicts: its https address and, optionally, the signing key. Null: no webhook.')
param webhook webhookSecrets?

@description('Major version of Node.')
param nodeVersion '22' | '24' = '24'

@description('Memory of an instance, in MB. 512 is enough for probes and small simulations; thousands of devices need 2048.')
param instanceMemoryMB 512 | 2048 | 4096 = sandbox ? 512 : 2048

@description('Maximum number of instances for a simulation.')
@minValue(40)
@maxValue(1000)
param maximumInstanceCount int = 40

@description('Public endpoints, or a virtual network with private endpoints and without public access.')
param network networkType = { kind: 'public' }

@description('Resource ID of an existing vault with the keys. It must use role-based access. Null: a vault is created.')
param existingKeyVaultId string?

@description('vault: the apps may read every secret of the vault. namedSecrets: only the secrets that the probes name, which must exist before the deployment. Default: namedSecrets with an existing vault, otherwise vault.')
param keyVaultAccess 'vault' | 'namedSecrets' = existingKeyVaultId == null ? 'vault' : 'namedSecrets'

@description('Resource ID of an existing Log Analytics workspace. Null: a workspace is created.')
param existingWorkspaceId string?

@description('Days for which a workspace that is created here stores telemetry.')
@minValue(30)
@maxValue(730)
param telemetryRetentionDays int = 90

@description('Who is notified, and when. See docs/operate.md for the rules and their severities.')
param alerts alerting = {}

@description('Creates a provisioning service and a hub with four probes for them. infra/scripts/sandbox.sh creates their enrollments and keys.')
param sandbox bool = false

@description('Tier of the hub in the sandbox. F1 is free and allows 500 devices; a subscription can have one.')
param sandboxHubSku 'F1' | 'S1' | 'B1' = 'F1'

var allTags = union(tags, { 'azd-env-name': environmentName })
var token = uniqueString(subscription().id, resourceGroupName, environmentName)
var groupId = '${subscription().id}/resourceGroups/${resourceGroupName}'

// Names depend on the location and not on its position in the list, so that any location can be removed.
var sites = map(union([location], additionalLocations), region => {
  location: region
  suffix: '${region}-${uniqueString(subscription().id, resourceGroupName, environmentName, region)}'
  storageName: 'st${uniqueString(subscription().id, resourceGroupName, environmentName, region)}'
})
var componentName = 'appi-${token}'
var workspaceId = existingWorkspaceId ?? '${groupId}/providers/Microsoft.OperationalInsights/workspaces/log-${token}'
var serviceName = 'provs-${token}'

var privateNetwork = network.kind == 'private'

var vaultId = existingKeyVaultId ?? '${groupId}/providers/Microsoft.KeyVault/vaults/kv-${token}'
var vaultName = split(vaultId, '/')[8]
var vaultUrl = 'https://${vaultName}${environment().suffixes.keyvaultDns}'

// For modules that need only the names. The ID scope of the sandbox is known only after its creation.
var namedProbes = concat(probes, sandbox ? sandboxProbes('known-later') : [])
var secretNames = union([], map(namedProbes, probe => secretOf(probe)), map(items(webhook ?? {}), item => item.value))
var problem = empty(namedProbes)
  ? 'No probes: write them into infra/main.bicepparam, or set SANDBOX to true (docs/deploy.md)'
  : contains(map(probes, probe => probe.idScope), '0ne00000000')
      ? 'The ID scope 0ne00000000 is a placeholder: write the one that the overview page of your provisioning service shows'
      : ''

resource group 'Microsoft.Resources/resourceGroups@2025-04-01' = {
  name: empty(problem) ? resourceGroupName : fail(problem)
  location: location
  tags: allTags
}

module monitoring 'modules/monitoring.bicep' = {
  scope: group
  params: {
    componentName: componentName
    workspaceName: 'log-${token}'
    existingWorkspaceId: existingWorkspaceId
    location: location
    retentionDays: telemetryRetentionDays
    environmentName: environmentName
    probes: namedProbes
    sites: sites
    alerts: alerts
    tags: allTags
  }
}

module keyVault 'modules/keyVault.bicep' = if (existingKeyVaultId == null) {
  scope: group
  params: {
    name: vaultName
    location: location
    privateOnly: privateNetwork
    // A sandbox must be easy to delete and to create again. Null, not false, because purge protection cannot be disabled again.
    purgeProtection: sandbox ? null : true
    workspaceId: workspaceId
    tags: allTags
  }
  dependsOn: [monitoring]
}

module sandboxService 'modules/sandbox.bicep' = if (sandbox) {
  scope: group
  params: {
    provisioningServiceName: serviceName
    hubName: 'iot-${token}'
    hubSku: sandboxHubSku
    location: location
    workspaceId: workspaceId
    tags: allTags
  }
  dependsOn: [monitoring]
}

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

module access 'modules/access.bicep' = {
  params: {
    resourceGroupName: group.name
    sites: sites
    componentName: componentName
    vaultId: vaultId
    secretNames: keyVaultAccess == 'namedSecrets' ? secretNames : []
    sandboxServiceName: sandbox ? serviceName : null
    tags: allTags
  }
  dependsOn: [monitoring, storage, keyVault, sandboxService]
}

module networks 'modules/privateNetwork.bicep' = if (privateNetwork) {
  scope: group
  params: { network: network, sites: sites, vaultId: vaultId, tags: allTags }
  dependsOn: [storage, keyVault]
}

module apps 'modules/functionApp.bicep' = [
  for (site, index) in sites: {
    scope: group
    params: {
      site: site
      locations: map(sites, other => other.location)
      azdServiceName: index == 0 ? 'canary' : ''
      historyStorageName: sites[0].storageName
      componentName: componentName
      vaultUrl: vaultUrl
      probes: concat(probes, sandbox ? sandboxProbes(sandboxService!.outputs.idScope) : [])
      probeSchedule: startsWith(probeSchedule, '0 ')
        ? '${index * 60 / length(sites)} ${skip(probeSchedule, 2)}'
        : probeSchedule
      outcomeRetentionDays: outcomeRetentionDays
      statusPageAuth: statusPageAuth
      otlpEndpoint: otlpEndpoint
      webhook: webhook
      nodeVersion: nodeVersion
      instanceMemoryMB: instanceMemoryMB
      maximumInstanceCount: maximumInstanceCount
      privateNetwork: privateNetwork
      privateInbound: network.kind == 'private' ? network.appInbound == 'private' : false
      tags: allTags
    }
    // An app that starts before its roles exist cannot read or write anything.
    dependsOn: [access, networks]
  }
]

@description('Resource group.')
output AZURE_RESOURCE_GROUP string = resourceGroupName

@description('Names of the apps, in the order of the locations.')
output FUNCTION_APP_NAMES string[] = map(sites, site => 'func-${site.suffix}')

@description('Base URLs of the apps, in the same order.')
output FUNCTION_APP_URLS string[] = [for (site, index) in sites: apps[index].outputs.url]

@description('The status page of the first app. With statusPageAuth function it requires a key: ?code=….')
output STATUS_PAGE_URL string = '${apps[0].outputs.url}/api/status'

@description('Name of the vault for the keys and certificates.')
output KEY_VAULT_NAME string = vaultName

@description('URL of the vault.')
output KEY_VAULT_URL string = vaultUrl

@description('Application Insights component with the availability results and the workbook.')
output APPLICATION_INSIGHTS_NAME string = componentName

@description('Provisioning service of the sandbox. Empty without one.')
output SANDBOX_DPS_NAME string = sandbox ? serviceName : ''

@description('ID scope of the sandbox. Empty without one.')
output SANDBOX_ID_SCOPE string = sandbox ? sandboxService!.outputs.idScope : ''
