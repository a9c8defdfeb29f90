using '../../../infra/main.bicep'

param environmentName = 'defaults'
param location = 'westeurope'
param probes = [
  {
    name: 'one'
    idScope: '0ne00A1B2C3'
    registrationId: 'canary-001'
    attestation: { type: 'symmetricKey', secret: 'canary-001-key' }
  }
]
