metadata description = 'The virtual networks of all locations, peered with the first one, and the private endpoints for storage and vault.'

import { network as networkType, site, tags as tagsType } from '../types.bicep'

@description('The address space, and whether the apps are public.')
param network networkType

@description('The locations. The private endpoints of the vault and the history are in the network of the first one.')
param sites site[]

@description('Resource ID of the vault.')
param vaultId string

@description('Tags.')
param tags tagsType

var zoneNames = {
  blob: 'privatelink.blob.${environment().suffixes.storage}'
  queue: 'privatelink.queue.${environment().suffixes.storage}'
  table: 'privatelink.table.${environment().suffixes.storage}'
  vault: 'privatelink${replace(environment().suffixes.keyvaultDns, '.vault.', '.vaultcore.')}'
  sites: 'privatelink.azurewebsites.net'
}
var addressPrefix = network.kind == 'private' ? network.addressPrefix : '10.0.0.0/16'
var fixedOutboundAddress = network.kind == 'private' ? network.fixedOutboundAddress : false
var privateInbound = network.kind == 'private' ? network.appInbound == 'private' : false

module networks 'network.bicep' = [
  for (site, index) in sites: {
    params: {
      name: 'vnet-${site.suffix}'
      location: site.location
      addressPrefix: cidrSubnet(addressPrefix, 24, index)
      fixedOutboundAddress: fixedOutboundAddress
      tags: tags
    }
  }
]

// One at a time, because a network allows only one change at once.
@batchSize(1)
module peeringsOut 'peering.bicep' = [
  for site in skip(sites, 1): {
    params: { networkName: 'vnet-${sites[0].suffix}', remoteNetworkName: 'vnet-${site.suffix}' }
    dependsOn: [networks]
  }
]

module peeringsBack 'peering.bicep' = [
  for site in skip(sites, 1): {
    params: { networkName: 'vnet-${site.suffix}', remoteNetworkName: 'vnet-${sites[0].suffix}' }
    dependsOn: [networks, peeringsOut]
  }
]

module dns 'privateDns.bicep' = {
  params: {
    zoneNames: map(filter(items(zoneNames), zone => privateInbound || zone.key != 'sites'), zone => zone.value)
    networkNames: map(sites, site => 'vnet-${site.suffix}')
    tags: tags
  }
  dependsOn: [networks]
}

module endpoints 'privateEndpoints.bicep' = [
  for (site, index) in sites: {
    params: {
      networkName: 'vnet-${site.suffix}'
      location: site.location
      targets: concat(
        map(['blob', 'queue', 'table'], service => {
          resourceId: resourceId('Microsoft.Storage/storageAccounts', site.storageName)
          resourceName: site.storageName
          groupId: service
          zoneName: zoneNames[service]
        }),
        index == 0
          ? [
              {
                resourceId: vaultId
                resourceName: last(split(vaultId, '/'))
                groupId: 'vault'
                zoneName: zoneNames.vault
              }
            ]
          : []
      )
      tags: tags
    }
    dependsOn: [dns]
  }
]
