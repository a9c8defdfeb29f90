using 'main.bicep'

// azd sets these; with az alone the defaults hold. Change what follows to your own: see docs/deploy.md.
param environmentName = readEnvironmentVariable('AZURE_ENV_NAME', 'dps-canary')
param location = readEnvironmentVariable('AZURE_LOCATION', 'westeurope')

// Without keys of your own: azd env set SANDBOX true. The sandbox brings its own probes.
param sandbox = bool(readEnvironmentVariable('SANDBOX', 'false'))

param probes = bool(readEnvironmentVariable('SANDBOX', 'false'))
  ? []
  : [
      {
        // A device with a key of its own, through to its hub.
        name: 'weu-device'
        idScope: '0ne00000000'
        registrationId: 'canary-001'
        attestation: { type: 'symmetricKey', secret: 'canary-001-key' }
        verifyHub: 'connect'
        expect: { withinSeconds: 20, certificateDaysLeft: 30 }
      }
      {
        // A member of the fleet's enrollment group, over port 443: green while 8883 is red points at a firewall.
        name: 'weu-fleet-443'
        idScope: '0ne00000000'
        registrationId: 'canary-002'
        attestation: { type: 'symmetricKey', secret: 'fleet-key', enrollment: 'group' }
        transport: 'mqtt-ws'
      }
      {
        // A device with a wrong key: healthy as long as it is refused.
        name: 'weu-wrong-key'
        idScope: '0ne00000000'
        registrationId: 'canary-004'
        attestation: { type: 'symmetricKey', secret: 'canary-wrong-key' }
        everyMinutes: 60
        expect: { result: 'refused' }
      }
    ]

param alerts = {
  emailAddresses: empty(readEnvironmentVariable('ALERT_EMAIL', '')) ? [] : [readEnvironmentVariable('ALERT_EMAIL', '')]
}
