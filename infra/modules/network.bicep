metadata description = 'The virtual network of one location: a subnet for the app, one for private endpoints, and optionally a fixed way out.'

import { tags as tagsType } from '../types.bicep'

@description('Name of the network; the other names are made from it.')
param name string

@description('Region.')
param location string

@description('Tags.')
param tags tagsType

@description('The /24 of this location.')
param addressPrefix string

@description('Whether to leave through a NAT gateway with one public address.')
param fixedOutboundAddress bool

resource securityGroup 'Microsoft.Network/networkSecurityGroups@2025-01-01' = {
  name: 'nsg-${name}'
  location: location
  tags: tags
  // The default rules are what is wanted: out to the service on 8883 and 443, in from the network alone.
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
          // Flex Consumption wants /27 or more, for itself alone: 40 instances take about 40 addresses.
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
