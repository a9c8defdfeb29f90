metadata description = 'The identity with which one function app uses storage, vault and telemetry.'

import { tags as tagsType } from '../types.bicep'

@description('Name of the identity.')
param name string

@description('Region.')
param location string

@description('Tags.')
param tags tagsType

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: name
  location: location
  tags: tags
}

@description('Object ID, for role assignments.')
output principalId string = identity.properties.principalId
