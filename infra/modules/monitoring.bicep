metadata description = 'Where telemetry goes: a Log Analytics workspace, unless one is given, Application Insights on top of it, its alerts and its workbook.'

import { alerting, probe, site, tags as tagsType } from '../types.bicep'

@description('Name of the Application Insights component.')
param componentName string

@description('Name of the workspace to make. Not used when existingWorkspaceId is given.')
param workspaceName string

@description('Resource ID of a workspace to use instead of making one.')
param existingWorkspaceId string?

@description('Region.')
param location string

@description('Tags.')
param tags tagsType

@description('How long the workspace keeps telemetry, in days.')
param retentionDays int

@description('Name of the environment; the names of the alert rules start with it.')
param environmentName string

@description('The configured probes.')
param probes probe[]

@description('The locations.')
param sites site[]

@description('What to report, and to whom.')
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
    // Only identities with Monitoring Metrics Publisher can write: the connection string alone opens nothing.
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
