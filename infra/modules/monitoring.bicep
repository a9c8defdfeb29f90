metadata description = 'Application Insights with its alert rules and its workbook, on an existing Log Analytics workspace or a new one.'

import { alerting, probe, site, tags as tagsType } from '../types.bicep'

@description('Name of the Application Insights component.')
param componentName string

@description('Name of the workspace to create. Not used with existingWorkspaceId.')
param workspaceName string

@description('Resource ID of an existing workspace to use instead.')
param existingWorkspaceId string?

@description('Region.')
param location string

@description('Tags.')
param tags tagsType

@description('Days for which the workspace stores telemetry.')
param retentionDays int

@description('Name of the environment, which is the prefix of the alert rules.')
param environmentName string

@description('The configured probes.')
param probes probe[]

@description('The locations.')
param sites site[]

@description('What to report, and whom to notify.')
param alerts alerting

resource workspace 'Microsoft.OperationalInsights/workspaces@2025-07-01' = if (existingWorkspaceId == null) {
  name: workspaceName
  location: location
  tags: tags
  properties: {
    sku: { name: 'PerGB2018' }
    retentionInDays: retentionDays
    features: { disableLocalAuth: true }
  }
}

resource component 'Microsoft.Insights/components@2020-02-02' = {
  name: componentName
  location: location
  tags: tags
  kind: 'web'
  properties: {
    Application_Type: 'web'
    WorkspaceResourceId: existingWorkspaceId ?? workspace.id
    // Only identities with Monitoring Metrics Publisher can write. The connection string alone is not enough.
    DisableLocalAuth: true
  }
}

module alertRules 'alerts.bicep' = {
  params: {
    namePrefix: environmentName
    location: location
    componentName: component.name
    probes: probes
    apps: map(sites, site => { location: site.location, name: 'func-${site.suffix}' })
    settings: alerts
    tags: tags
  }
}

module workbook 'workbook.bicep' = {
  params: {
    displayName: 'DPS Canary (${environmentName})'
    location: location
    componentName: component.name
    tags: tags
  }
}
