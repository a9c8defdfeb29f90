metadata description = 'The alert rules and their recipients. Severity 1 pages the person on call, 2 is for the working day, 3 is for the week.'

import { alerting, probe, tags as tagsType } from '../types.bicep'

@description('Prefix of the rule names.')
param namePrefix string

@description('Region of the rules.')
param location string

@description('Tags.')
param tags tagsType

@description('Name of the Application Insights component that the rules read.')
param componentName string

@description('The configured probes.')
param probes probe[]

@description('Each location and the name of its app.')
param apps app[]

@description('What to report, and whom to notify.')
param settings alerting

@description('One location.')
type app = {
  @description('Location, as in the outcomes.')
  location: string

  @description('Name of the function app.')
  name: string
}

var silentMinutes = settings.?silentMinutes ?? 30
// The rules see two days, the longest window that Azure offers, evaluated once an hour at most.
var slowestMinutes = max(concat(
  [1],
  map(probes, probe => probe.?everyMinutes ?? (probe.?verifyHub == 'renew' ? 60 : 1))
))
var runsInWindow = 1 + (2880 - 60) / slowestMinutes
var ofRuns = (settings.?ofRuns ?? 1) <= runsInWindow
  ? (settings.?ofRuns ?? min(3, runsInWindow))
  : fail('alerts.ofRuns is ${settings.?ofRuns ?? 1}, but a probe that runs every ${slowestMinutes} minutes has only ${runsInWindow} runs within the two days that a rule sees, so it could never fire')
var failingRuns = (settings.?failingRuns ?? 2) <= ofRuns
  ? (settings.?failingRuns ?? 2)
  : fail('alerts.failingRuns is ${settings.?failingRuns ?? 2}, but the rule considers only ${ofRuns} runs (alerts.ofRuns), so it could never fire')
var emailAddresses = settings.?emailAddresses ?? []

// Rows for the datatables in the queries: the probes, and after how long each one counts as silent.
var probeRows = join(
  map(
    probes,
    probe =>
      '"${probe.name}", ${max(silentMinutes, 3 * (probe.?everyMinutes ?? (probe.?verifyHub == 'renew' ? 60 : 1)))}'
  ),
  ', '
)
var locationRows = join(map(apps, app => '"${app.location}"'), ', ')
var appRows = join(map(apps, app => '"${app.location}", "${app.name}"'), ', ')
var budget = string(10000 - (settings.?objectiveBasisPoints ?? 9900))

var probeVerdict = replace(
  replace(loadTextContent('../queries/probeVerdict.kql'), '{{probes}}', probeRows),
  '{{ofRuns}}',
  string(ofRuns)
)
var burnRate = replace(
  replace(loadTextContent('../queries/burnRate.kql'), '{{probes}}', probeRows),
  '{{budgetBasisPoints}}',
  budget
)

var rules = [
  {
    name: 'probe-failing'
    severity: 1
    description: 'Devices like this one cannot provision: the newest runs of the probe were failing.'
    query: replace(probeVerdict, '{{verdict}}', 'failing')
    measure: 'runs'
    dimensions: ['probe', 'location']
    operator: 'GreaterThanOrEqual'
    threshold: failingRuns
    frequency: 'PT5M'
    window: 'P2D'
  }
  {
    name: 'burn-rate-fast'
    severity: 1
    description: 'Over the last hour and the last 15 minutes, failures spend the error budget 14 times too fast: 2 % of a month in an hour.'
    query: replace(replace(burnRate, '{{longMinutes}}', '60'), '{{shortMinutes}}', '15')
    measure: 'burnRate'
    dimensions: ['probe']
    operator: 'GreaterThanOrEqual'
    threshold: 14
    frequency: 'PT5M'
    window: 'PT1H'
  }
  {
    name: 'burn-rate-slow'
    severity: 2
    description: 'Over the last six hours and the last hour, failures spend the error budget 6 times too fast: 5 % of a month in six hours.'
    query: replace(replace(burnRate, '{{longMinutes}}', '360'), '{{shortMinutes}}', '60')
    measure: 'burnRate'
    dimensions: ['probe']
    operator: 'GreaterThanOrEqual'
    threshold: 6
    frequency: 'PT15M'
    window: 'PT6H'
  }
  {
    name: 'prober-silent'
    severity: 1
    description: 'The timer of a location does not fire: no probe runs there.'
    query: replace(
      replace(loadTextContent('../queries/proberSilent.kql'), '{{apps}}', appRows),
      '{{silentMinutes}}',
      string(silentMinutes)
    )
    measure: 'runs'
    dimensions: ['location']
    operator: 'LessThan'
    threshold: 1
    frequency: 'PT5M'
    window: 'P1D'
  }
  {
    name: 'probe-silent'
    severity: 2
    description: 'A configured probe has recorded no outcome for too long.'
    query: replace(
      replace(loadTextContent('../queries/probeSilent.kql'), '{{probes}}', probeRows),
      '{{locations}}',
      locationRows
    )
    measure: 'runs'
    dimensions: ['probe', 'location']
    operator: 'LessThan'
    threshold: 1
    frequency: 'PT15M'
    window: 'P2D'
  }
  {
    name: 'probe-unknown'
    severity: 2
    description: 'The newest runs of the probe could not run: a secret is missing, or the vault refuses access or does not respond. The state of the service is unknown.'
    query: replace(
      replace(loadTextContent('../queries/probeUnknown.kql'), '{{probes}}', probeRows),
      '{{ofRuns}}',
      string(ofRuns)
    )
    measure: 'runs'
    dimensions: ['probe', 'location']
    operator: 'GreaterThanOrEqual'
    threshold: failingRuns
    frequency: 'PT15M'
    window: 'P2D'
  }
  {
    name: 'probe-degraded'
    severity: 3
    description: 'All of the newest runs of the probe worked, but slowly; or a certificate or secret expires soon.'
    query: replace(probeVerdict, '{{verdict}}', 'degraded')
    measure: 'runs'
    dimensions: ['probe', 'location']
    operator: 'GreaterThanOrEqual'
    threshold: ofRuns
    frequency: 'PT15M'
    window: 'P2D'
  }
  {
    name: 'expiry'
    severity: 2
    description: 'A certificate of the service, a certificate of a device, or a secret expires soon, or has expired.'
    query: replace(loadTextContent('../queries/expiry.kql'), '{{probes}}', probeRows)
    measure: 'daysLeft'
    dimensions: ['probe', 'location']
    operator: 'LessThanOrEqual'
    threshold: settings.?expiryDaysLeft ?? 21
    frequency: 'PT1H'
    window: 'P1D'
  }
  {
    name: 'issued-certificate'
    severity: 2
    description: 'A device was not issued a usable operational certificate, or the hub does not trust or renew it. Devices cannot connect to their hub after their certificates expire.'
    query: replace(
      replace(loadTextContent('../queries/issuedCertificate.kql'), '{{probes}}', probeRows),
      '{{ofRuns}}',
      string(ofRuns)
    )
    measure: 'runs'
    dimensions: ['probe', 'location']
    operator: 'GreaterThanOrEqual'
    threshold: 1
    frequency: 'PT15M'
    window: 'P2D'
  }
  {
    name: 'maintenance-silent'
    severity: 2
    description: 'No maintenance of the history has succeeded at a location for three hours: old outcomes are not deleted, and the long windows of the status page are not updated.'
    query: replace(loadTextContent('../queries/maintenanceSilent.kql'), '{{apps}}', appRows)
    measure: 'runs'
    dimensions: ['location']
    operator: 'LessThan'
    threshold: 1
    frequency: 'PT1H'
    window: 'P1D'
  }
  {
    name: 'poison-queue'
    severity: 2
    description: 'A batch of a simulation failed five times. Its devices are recorded as not run.'
    query: loadTextContent('../queries/poisonQueue.kql')
    measure: 'batches'
    dimensions: []
    operator: 'GreaterThan'
    threshold: 0
    frequency: 'PT15M'
    window: 'PT15M'
  }
]

resource component 'Microsoft.Insights/components@2020-02-02' existing = {
  name: componentName
}

resource actionGroup 'Microsoft.Insights/actionGroups@2023-01-01' = if (!empty(emailAddresses)) {
  name: 'ag-${namePrefix}'
  #disable-next-line no-hardcoded-location // action groups have no region
  location: 'global'
  tags: tags
  properties: {
    enabled: true
    groupShortName: 'dps-canary'
    emailReceivers: map(emailAddresses, address => {
      name: address
      emailAddress: address
      useCommonAlertSchema: true
    })
  }
}

resource alertRules 'Microsoft.Insights/scheduledQueryRules@2026-03-01' = [
  for rule in rules: {
    name: '${namePrefix}-${rule.name}'
    location: location
    tags: tags
    kind: 'LogAlert'
    properties: {
      displayName: '${namePrefix}: ${rule.name}'
      description: rule.description
      severity: rule.severity
      scopes: [component.id]
      evaluationFrequency: rule.frequency
      windowSize: rule.window
      autoMitigate: true
      // A new component has no tables yet, and Azure would refuse the rule. The tests of this project check the queries instead.
      skipQueryValidation: true
      criteria: {
        allOf: [
          {
            query: rule.query
            metricMeasureColumn: rule.measure
            timeAggregation: rule.operator == 'LessThan' || rule.operator == 'LessThanOrEqual' ? 'Minimum' : 'Maximum'
            dimensions: map(rule.dimensions, dimension => { name: dimension, operator: 'Include', values: ['*'] })
            operator: rule.operator
            threshold: rule.threshold
            failingPeriods: { numberOfEvaluationPeriods: 1, minFailingPeriodsToAlert: 1 }
          }
        ]
      }
      actions: {
        actionGroups: concat(settings.?actionGroupIds ?? [], empty(emailAddresses) ? [] : [actionGroup.id])
      }
    }
  }
]
