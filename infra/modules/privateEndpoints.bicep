metadata description = 'Private endpoints in the network of one location, each with a record in the private DNS zone.'

import { tags as tagsType } from '../types.bicep'

@description('Name of the network.')
param networkName string

@description('Region of the network.')
param location string

@description('Tags.')
param tags tagsType

@description('The sub-resources to connect to.')
param targets target[]

@description('One sub-resource of a service.')
type target = {
  @description('Resource ID of the service.')
  resourceId: string

  @description('Name of the service. The name of the endpoint is derived from it.')
  resourceName: string

  @description('Sub-resource.')
  groupId: 'blob' | 'queue' | 'table' | 'vault' | 'sites'

  @description('DNS zone.')
  zoneName: string
}

resource network 'Microsoft.Network/virtualNetworks@2025-01-01' existing = {
  name: networkName

  resource subnet 'subnets' existing = {
    name: 'endpoints'
  }
}

resource zones 'Microsoft.Network/privateDnsZones@2024-06-01' existing = [
  for target in targets: {
    name: target.zoneName
  }
]

resource endpoints 'Microsoft.Network/privateEndpoints@2025-01-01' = [
  for target in targets: {
    name: 'pe-${target.resourceName}-${target.groupId}'
    location: location
    tags: tags
    properties: {
      subnet: { id: network::subnet.id }
      privateLinkServiceConnections: [
        {
          name: target.groupId
          properties: { privateLinkServiceId: target.resourceId, groupIds: [target.groupId] }
        }
      ]
    }
  }
]

resource zoneGroups 'Microsoft.Network/privateEndpoints/privateDnsZoneGroups@2025-01-01' = [
  for (target, index) in targets: {
    name: 'default'
    parent: endpoints[index]
    properties: {
      privateDnsZoneConfigs: [{ name: target.groupId, properties: { privateDnsZoneId: zones[index].id } }]
    }
  }
]
