metadata description = 'One function app on Flex Consumption, in one location, with its settings.'

import { probe, site as siteType, tags as tagsType, webhookSecrets } from '../types.bicep'

@description('The location. Its region is also the location in the outcomes.')
param site siteType

@description('Regions of all apps. They share the limits of the service and the history.')
param locations string[]

@description('Tags.')
param tags tagsType

@description('Value of the tag azd-service-name. azd deploys to the one app with this tag; infra/scripts/deployPackage.sh deploys to the others (empty).')
param azdServiceName string

@description('Name of the storage account with the history of all locations.')
param historyStorageName string

@description('Name of the Application Insights component.')
param componentName string

@description('URL of the vault.')
param vaultUrl string

@description('The probes.')
param probes probe[]

@description('NCRONTAB of the timer, UTC.')
param probeSchedule string

@description('Days after which outcomes are deleted.')
param outcomeRetentionDays int

@description('Who may read the status page.')
param statusPageAuth 'function' | 'anonymous'

@description('Collector that receives spans and metrics over OTLP. Null: none.')
param otlpEndpoint string?

@description('Secrets of the webhook that receives changes of verdicts. Null: no webhook.')
param webhook webhookSecrets?

@description('Major version of Node.')
param nodeVersion string

@description('Memory of an instance.')
param instanceMemoryMB int

@description('Maximum number of instances for a simulation.')
param maximumInstanceCount int

@description('Whether the app is joined to the network of its location.')
param privateNetwork bool

@description('Whether the app can be reached only through private endpoints.')
param privateInbound bool

var name = 'func-${site.suffix}'
var networkName = 'vnet-${site.suffix}'

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' existing = {
  name: 'id-${site.suffix}'
}

resource storage 'Microsoft.Storage/storageAccounts@2025-06-01' existing = {
  name: site.storageName
}

resource historyStorage 'Microsoft.Storage/storageAccounts@2025-06-01' existing = {
  name: historyStorageName
}

resource component 'Microsoft.Insights/components@2020-02-02' existing = {
  name: componentName
}

resource plan 'Microsoft.Web/serverfarms@2025-03-01' = {
  // On Flex Consumption, each app has its own plan.
  name: 'plan-${site.suffix}'
  location: site.location
  tags: tags
  kind: 'functionapp'
  sku: { name: 'FC1', tier: 'FlexConsumption' }
  properties: { reserved: true }
}

resource app 'Microsoft.Web/sites@2025-03-01' = {
  name: name
  location: site.location
  tags: empty(azdServiceName) ? tags : union(tags, { 'azd-service-name': azdServiceName })
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: { '${identity.id}': {} }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    publicNetworkAccess: privateInbound ? 'Disabled' : 'Enabled'
    virtualNetworkSubnetId: privateNetwork
      ? resourceId('Microsoft.Network/virtualNetworks/subnets', networkName, 'app')
      : null
    siteConfig: {
      minTlsVersion: '1.2'
      scmMinTlsVersion: '1.2'
      ftpsState: 'Disabled'
      http20Enabled: true
    }
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: '${storage.properties.primaryEndpoints.blob}deployments'
          authentication: {
            type: 'UserAssignedIdentity'
            userAssignedIdentityResourceId: identity.id
          }
        }
      }
      runtime: { name: 'node', version: nodeVersion }
      scaleAndConcurrency: {
        instanceMemoryMB: instanceMemoryMB
        maximumInstanceCount: maximumInstanceCount
        // Timers of apps without one have stopped for good after a deployment (azure-functions-host issue 11828).
        alwaysReady: [{ name: 'function:runProbes', instanceCount: 1 }]
      }
    }
  }

  // Publishing uses an identity, not a user name and password.
  resource ftpCredentials 'basicPublishingCredentialsPolicies' = {
    name: 'ftp'
    properties: { allow: false }
  }

  resource scmCredentials 'basicPublishingCredentialsPolicies' = {
    name: 'scm'
    properties: { allow: false }
  }

  // No FUNCTIONS_WORKER_RUNTIME, WEBSITE_* or SCM_* here: Flex Consumption refuses them, or fails with them (WEBSITE_TIME_ZONE).
  resource settings 'config' = {
    name: 'appsettings'
    properties: {
      APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identity.properties.clientId};Authorization=AAD'
      APPLICATIONINSIGHTS_CONNECTION_STRING: component.properties.ConnectionString
      AZURE_CLIENT_ID: identity.properties.clientId
      // Disables the host's page of 150 KB at /, which is not about this app.
      AzureWebJobsDisableHomepage: 'true'
      AzureWebJobsStorage__blobServiceUri: storage.properties.primaryEndpoints.blob
      AzureWebJobsStorage__clientId: identity.properties.clientId
      AzureWebJobsStorage__credential: 'managedidentity'
      AzureWebJobsStorage__queueServiceUri: storage.properties.primaryEndpoints.queue
      AzureWebJobsStorage__tableServiceUri: storage.properties.primaryEndpoints.table
      KEY_VAULT_URL: vaultUrl
      OUTCOME_RETENTION_DAYS: string(outcomeRetentionDays)
      OutcomesStorage__clientId: identity.properties.clientId
      OutcomesStorage__credential: 'managedidentity'
      OutcomesStorage__tableServiceUri: historyStorage.properties.primaryEndpoints.table
      PROBE_LOCATION: site.location
      PROBE_LOCATIONS: join(locations, ',')
      PROBE_SCHEDULE: probeSchedule
      PROBES: string(probes)
      STATUS_PAGE_AUTH: statusPageAuth
      ...(otlpEndpoint == null ? {} : { OTEL_EXPORTER_OTLP_ENDPOINT: otlpEndpoint! })
      ...(webhook == null ? {} : { WEBHOOK_URL_SECRET: webhook!.urlSecret })
      ...(webhook.?keySecret == null ? {} : { WEBHOOK_KEY_SECRET: webhook!.keySecret! })
    }
  }
}

module endpoint 'privateEndpoints.bicep' = if (privateInbound) {
  params: {
    networkName: networkName
    location: site.location
    targets: [
      { resourceId: app.id, resourceName: name, groupId: 'sites', zoneName: 'privatelink.azurewebsites.net' }
    ]
    tags: tags
  }
}

@description('Base URL of the app.')
output url string = 'https://${app.properties.defaultHostName}'
