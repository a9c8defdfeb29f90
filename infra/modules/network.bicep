metadata description = 'The virtual network of one location: a subnet for the app, one for private endpoints, and optionally a NAT gateway.'

import { tags as tagsType } from '../types.bicep'

@description('Name of the network. The other names are derived from it.')
param name string

@description('Region.')
param location string

@description('Tags.')
param tags tagsType

@description('The /24 address range of this location.')
param addressPrefix string

@description('Whether outbound traffic uses a NAT gateway with one public address.')
param fixedOutboundAddress bool

resource securityGroup 'Microsoft.Network/networkSecurityGroups@2025-01-01' = {
  name: 'nsg-${name}'
  location: location
  tags: tags
  // The default rules are sufficient: outbound to the service on 8883 and 443, inbound only from the network.
  properties: { securityRules: [] }
}

resource address 'Microsoft.Network/publicIPAddresses@2025-01-01' = if (fixedOutboundAddress) {
  name: 'pip-${name}'
  location: location
  tags: tags
  sku: { name: 'Standard' }
  properties: { publicIPAllocationMethod: 'Static' }
}

resource gateway 'Microsoft.Network/natGateways@2025-01-01' = if (fixedOutboundAddress) {
  name: 'ng-${name}'
  location: location
  tags: tags
  sku: { name: 'Standard' }
  properties: { publicIpAddresses: [{ id: address.id }] }
}

resource network 'Microsoft.Network/virtualNetworks@2025-01-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    addressSpace: { addressPrefixes: [addressPrefix] }
    subnets: [
      {
        name: 'app'
        properties: {
          // Flex Consumption needs its own subnet of /27 or larger: 40 instances use about 40 addresses.
          addressPrefix: cidrSubnet(addressPrefix, 26, 0)
          delegations: [{ name: 'flex', properties: { serviceName: 'Microsoft.App/environments' } }]
          natGateway: fixedOutboundAddress ? { id: gateway.id } : null
          networkSecurityGroup: { id: securityGroup.id }
        }
      }
      {
        name: 'endpoints'
        properties: {
          addressPrefix: cidrSubnet(addressPrefix, 26, 1)
          networkSecurityGroup: { id: securityGroup.id }
          privateEndpointNetworkPolicies: 'Enabled'
          defaultOutboundAccess: false
        }
      }
    ]
  }
}
