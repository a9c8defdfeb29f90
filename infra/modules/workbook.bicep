metadata description = 'A workbook in Application Insights with the contents of the status page, for users of the Azure portal.'

import { tags as tagsType } from '../types.bicep'

@description('Title of the workbook.')
param displayName string

@description('Region.')
param location string

@description('Tags.')
param tags tagsType

@description('Name of the Application Insights component.')
param componentName string

resource component 'Microsoft.Insights/components@2020-02-02' existing = {
  name: componentName
}

resource workbook 'Microsoft.Insights/workbooks@2023-06-01' = {
  name: guid(component.id, 'workbook')
  location: location
  tags: tags
  kind: 'shared'
  properties: {
    displayName: displayName
    category: 'workbook'
    sourceId: component.id
    serializedData: replace(loadTextContent('../workbook.json'), '{{componentId}}', component.id)
  }
}
