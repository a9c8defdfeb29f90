metadata description = 'A provisioning service and a hub of its own, linked, to try everything without touching a real fleet.'

import { tags as tagsType } from '../types.bicep'

@description('Name of the provisioning service.')
param provisioningServiceName string

@description('Name of the hub.')
param hubName string

@description('Region.')
param location string

@description('Tags.')
param tags tagsType

@description('F1 is free, and there can be one in a subscription. B1 has no twins.')
param hubSku 'F1' | 'S1' | 'B1'

@description('Resource ID of the workspace that takes the diagnostics.')
param workspaceId string

resource hub 'Microsoft.Devices/IotHubs@2023-06-30' = {
  name: hubName
  location: location
  tags: tags
  sku: { name: hubSku, capacity: 1 }
  properties: {
    minTlsVersion: '1.2'
    // One policy, and no more rights in it than the service needs to create and move devices.
    authorizationPolicies: [{ keyName: 'provisioning', rights: 'RegistryRead, RegistryWrite, ServiceConnect' }]
  }
}

resource provisioningService 'Microsoft.Devices/provisioningServices@2022-12-12' = {
  name: provisioningServiceName
  location: location
  tags: tags
  sku: { name: 'S1', capacity: 1 }
  properties: {
    allocationPolicy: 'Hashed'
    iotHubs: [
      {
        location: location
        // The link needs a key of the hub. It goes from one resource provider to the other, and appears in no parameter and no output.
        connectionString: 'HostName=${hub.properties.hostName};SharedAccessKeyName=provisioning;SharedAccessKey=${hub.listKeys().value[0].primaryKey}'
      }
    ]
  }
}

#disable-next-line use-recent-api-versions // the only version that every region has
resource serviceDiagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-workspace'
  scope: provisioningService
  properties: {
    workspaceId: workspaceId
    logs: [{ categoryGroup: 'allLogs', enabled: true }]
    metrics: [{ category: 'AllMetrics', enabled: true }]
  }
}

#disable-next-line use-recent-api-versions // as above
resource hubDiagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-workspace'
  scope: hub
  properties: {
    workspaceId: workspaceId
    logs: [{ category: 'Connections', enabled: true }]
    metrics: [{ category: 'AllMetrics', enabled: true }]
  }
}

@description('ID scope of the service.')
output idScope string = provisioningService.properties.idScope
