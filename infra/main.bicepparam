using 'main.bicep'

// azd sets these; with az alone the defaults hold.
param environmentName = readEnvironmentVariable('AZURE_ENV_NAME', 'dps-canary')
param location = readEnvironmentVariable('AZURE_LOCATION', 'westeurope')

// Without keys of your own: azd env set SANDBOX true. The sandbox brings its own probes.
param sandbox = bool(readEnvironmentVariable('SANDBOX', 'false'))
param sandboxHubSku = readEnvironmentVariable('SANDBOX_HUB_SKU', 'F1')

// Your own probes: write them here, the editor checks each field. docs/deploy.md has an example.
param probes = []

param alerts = {
  emailAddresses: empty(readEnvironmentVariable('ALERT_EMAIL', '')) ? [] : [readEnvironmentVariable('ALERT_EMAIL', '')]
}
