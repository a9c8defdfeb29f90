using 'main.bicep'

// azd sets these. With az alone, the defaults apply.
param environmentName = readEnvironmentVariable('AZURE_ENV_NAME', 'dps-canary')
param location = readEnvironmentVariable('AZURE_LOCATION', 'westeurope')

// To start without your own keys: azd env set SANDBOX true. The sandbox has its own probes.
param sandbox = bool(readEnvironmentVariable('SANDBOX', 'false'))
param sandboxHubSku = readEnvironmentVariable('SANDBOX_HUB_SKU', 'F1')

// Add your own probes here. The editor checks each field. docs/deploy.md has an example.
param probes = []

param alerts = {
  emailAddresses: empty(readEnvironmentVariable('ALERT_EMAIL', '')) ? [] : [readEnvironmentVariable('ALERT_EMAIL', '')]
}
