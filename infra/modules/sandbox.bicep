metadata description = 'A provisioning service and a linked hub, to try everything without a real fleet.'

import { tags as tagsType } from '../types.bicep'

@description('Name of the provisioning service.')
param provisioningServiceName string

@description('Name of the hub.')
param hubName string

@description('Region.')
param location string

@description('Tags.')
param tags tagsType

@description('F1 is free, and a subscription can have one. B1 has no device twins.')
param hubSku 'F1' | 'S1' | 'B1'

@description('Resource ID of the workspace for the diagnostic logs.')
param workspaceId string

resource hub 'Microsoft.Devices/IotHubs@2023-06-30' = {
  name: hubName
  location: location
  tags: tags
  sku: { name: hubSku, capacity: 1 }
  properties: {
    minTlsVersion: '1.2'
    // One policy, with only the permissions that the service needs to create and move devices.
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
        // The link needs a key of the hub. It is passed between the resource providers, and is not in any parameter or output.
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
