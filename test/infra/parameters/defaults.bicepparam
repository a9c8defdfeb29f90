using '../../../infra/main.bicep'

param environmentName = 'defaults'
param location = 'westeurope'
param probes = [
  {
    name: 'one'
    idScope: '0ne00000000'
    registrationId: 'canary-001'
    attestation: { type: 'symmetricKey', secret: 'canary-001-key' }
  }
]
