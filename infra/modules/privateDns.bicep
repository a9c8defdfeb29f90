metadata description = 'The private DNS zones, linked to the network of each location.'

import { tags as tagsType } from '../types.bicep'

@description('Names of the zones.')
param zoneNames string[]

@description('Names of the networks.')
param networkNames string[]

@description('Tags.')
param tags tagsType

var links = flatten(map(
  range(0, length(zoneNames)),
  zone =>
    map(networkNames, network => {
      zone: zone
      network: network
    })
))

resource zones 'Microsoft.Network/privateDnsZones@2024-06-01' = [
  for zoneName in zoneNames: {
    name: zoneName
    #disable-next-line no-hardcoded-location // zones have no region
    location: 'global'
    tags: tags
  }
]

resource networks 'Microsoft.Network/virtualNetworks@2025-01-01' existing = [
  for link in links: {
    name: link.network
  }
]

resource zoneLinks 'Microsoft.Network/privateDnsZones/virtualNetworkLinks@2024-06-01' = [
  for (link, index) in links: {
    name: link.network
    parent: zones[link.zone]
    #disable-next-line no-hardcoded-location // links have no region
    location: 'global'
    tags: tags
    properties: {
      registrationEnabled: false
      virtualNetwork: { id: networks[index].id }
    }
  }
]
