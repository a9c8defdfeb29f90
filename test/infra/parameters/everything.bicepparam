using '../../../infra/main.bicep'

param environmentName = 'everything'
param location = 'westeurope'
param additionalLocations = ['eastus2', 'japaneast']
param resourceGroupName = 'rg-of-the-team'
param tags = { owner: 'iot-platform' }
param probes = [
  {
    name: 'key'
    idScope: '0ne00A1B2C3'
    registrationId: 'canary-001'
    attestation: {
      type: 'symmetricKey'
      secret: 'canary-001-key'
      enrollment: 'individual'
      tokenLifetimeSeconds: 7200
    }
    globalDeviceEndpoint: 'global.azure-devices-provisioning.net:8883'
    transport: 'mqtt-ws'
    apiVersion: '2021-06-01'
    payload: { model: 'x' }
    timeoutSeconds: 45
    everyMinutes: 60
    verifyHub: 'twin'
    expect: {
      result: 'assigned'
      assignedHub: ['hub-a.azure-devices.net']
      deviceId: 'canary-001'
      substatus: 'initialAssignment'
      withinSeconds: 20
      certificateDaysLeft: 14
      rootFingerprints: [
        'CB:3C:CB:B7:60:31:E5:E0:13:8F:8D:D3:9A:23:F9:DE:47:FF:C3:5E:43:C1:14:4C:EA:27:D4:6A:5A:B1:CB:5F'
      ]
    }
  }
  {
    name: 'certificate'
    idScope: '0ne00A1B2C3'
    registrationId: 'canary-002'
    attestation: { type: 'x509', certificate: 'fleet-ca', enrollment: 'group' }
  }
  {
    name: 'expired-token'
    idScope: '0ne00A1B2C3'
    registrationId: 'canary-003'
    attestation: { type: 'symmetricKey', secret: 'canary-001-key', tokenLifetimeSeconds: -60 }
    expect: { result: 'refused', errorCode: 401002 }
  }
]
param probeSchedule = '0 */10 * * * *'
param outcomeRetentionDays = 30
param statusPageAuth = 'anonymous'
param otlpEndpoint = 'https://collector.example.com:4318'
param webhook = { urlSecret: 'chat-address', keySecret: 'chat-key' }
param instanceMemoryMB = 512
param maximumInstanceCount = 100
param network = {
  kind: 'private'
  addressPrefix: '10.60.0.0/16'
  appInbound: 'private'
  fixedOutboundAddress: true
}
param keyVaultAccess = 'namedSecrets'
param alerts = {
  actionGroupIds: [
    '/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-oncall/providers/Microsoft.Insights/actionGroups/oncall'
  ]
  emailAddresses: ['oncall@example.com']
  failingRuns: 3
  ofRuns: 5
  objectiveBasisPoints: 9950
  silentMinutes: 45
  expiryDaysLeft: 30
}
param sandbox = true
param sandboxHubSku = 'F1'
