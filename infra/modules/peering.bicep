metadata description = 'One direction of the peering between the network of a further location and that of the first one, which has the vault and the history.'

@description('Name of the network that gets the peering.')
param networkName string

@description('Name of the network on the other side.')
param remoteNetworkName string

resource network 'Microsoft.Network/virtualNetworks@2025-01-01' existing = {
  name: networkName
}

resource remote 'Microsoft.Network/virtualNetworks@2025-01-01' existing = {
  name: remoteNetworkName
}

resource peering 'Microsoft.Network/virtualNetworks/virtualNetworkPeerings@2025-01-01' = {
  name: 'to-${remoteNetworkName}'
  parent: network
  properties: {
    remoteVirtualNetwork: { id: remote.id }
    allowVirtualNetworkAccess: true
    allowForwardedTraffic: false
    allowGatewayTransit: false
    useRemoteGateways: false
  }
}
