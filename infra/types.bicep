metadata description = 'What a probe is. The same shape as the JSON Schema of the app; a test holds the two together.'

@export()
@description('One configured check, as the app reads it from PROBES.')
@sealed()
type probe = {
  @description('Unique. Small letters, digits and dashes; the name in alerts, on the page and in the metrics.')
  @minLength(1)
  @maxLength(63)
  name: string

  @description('The ID scope of the Device Provisioning Service, as its overview page shows it.')
  @minLength(1)
  @maxLength(64)
  idScope: string

  @description('The registration ID that the simulated device asks for. Each probe its own: two connections under one ID end each other.')
  @minLength(1)
  @maxLength(128)
  registrationId: string

  @description('How the simulated device proves itself.')
  attestation: attestation

  @description('host[:port] that the device connects to. Default: global.azure-devices-provisioning.net.')
  @maxLength(259)
  globalDeviceEndpoint: string?

  @description('mqtt: TLS on 8883 (default). mqtt-ws: WebSocket on 443.')
  transport: ('mqtt' | 'mqtt-ws')?

  @description('Version of the device API. Default: 2019-03-31; with requestCertificate 2025-07-01-preview, with expect.connectionProfile 2026-11-02-preview.')
  @minLength(10)
  @maxLength(18)
  apiVersion: string?

  @description('Data for a custom allocation policy.')
  #disable-next-line use-user-defined-types // any JSON object: its meaning is the webhook's
  payload: object?

  @description('The one deadline of a run, in seconds. Default: 60; with verifyHub renew 180.')
  @minValue(1)
  @maxValue(220)
  timeoutSeconds: int?

  @description('Run only every so many minutes. Default: in each scheduled run; with verifyHub renew 60.')
  @minValue(1)
  @maxValue(1440)
  everyMinutes: int?

  @description('Ask for an operational certificate with a certificate signing request. Each run issues one. Default: false.')
  requestCertificate: bool?

  @description('Connect to the assigned hub as well, and how far to go there; renew needs requestCertificate. Default: not at all.')
  verifyHub: ('connect' | 'telemetry' | 'twin' | 'renew')?

  @description('Group the status page, and filter it everywhere.')
  tags: string[]?

  @description('What must happen for the probe to be healthy. Default: the device is assigned.')
  expect: expectation?
}

@export()
@description('Name of the secret, or of the certificate, that a probe reads from the vault.')
func secretOf(configured probe) string =>
  configured.attestation.type == 'symmetricKey' ? configured.attestation.secret : configured.attestation.certificate

@export()
@description('How a simulated device proves itself. It names Key Vault objects and never holds a key.')
@discriminator('type')
type attestation = symmetricKeyAttestation | x509Attestation

@export()
@description('A shared access signature made from a key in the vault.')
@sealed()
type symmetricKeyAttestation = {
  @description('Symmetric key.')
  type: 'symmetricKey'

  @description('Name of the Key Vault secret that holds the base64 key.')
  @minLength(1)
  @maxLength(127)
  secret: string

  @description('individual (default), or group: the device key is derived from the key of the enrollment group.')
  enrollment: enrollment?

  @description('Lifetime of the token, in seconds; negative: it has expired already, for a canary that must be refused. Default: 3600.')
  @minValue(-86400)
  @maxValue(86400)
  tokenLifetimeSeconds: int?
}

@export()
@description('A client certificate from the vault.')
@sealed()
type x509Attestation = {
  @description('X.509 certificate.')
  type: 'x509'

  @description('Name of the Key Vault certificate: the own one of the device, or the CA of the enrollment group.')
  @minLength(1)
  @maxLength(127)
  certificate: string

  @description('individual (default), or group: a leaf certificate is issued for the device, in memory.')
  enrollment: enrollment?
}

@export()
@description('The record of the service that lets the device in.')
type enrollment = 'individual' | 'group'

@export()
@description('What turns the result of a run into a verdict.')
@sealed()
type expectation = {
  @description('assigned (default); refused: not accepted, for that reason alone; disabled; failed.')
  result: ('assigned' | 'refused' | 'disabled' | 'failed')?

  @description('With refused or failed: the six-digit code that the service must give, or an array of them.')
  #disable-next-line no-explicit-any // Bicep has no type for "a number or an array of numbers"; the app checks it
  errorCode: any?

  @description('Host names of the hubs that the device may be assigned to.')
  @minLength(1)
  assignedHub: string[]?

  @description('The device ID that must be assigned.')
  @minLength(1)
  @maxLength(128)
  deviceId: string?

  @description('The substatus that the service must give, such as initialAssignment.')
  @minLength(1)
  @maxLength(128)
  substatus: string?

  @description('What the service must say of the hub: classic, mqttV5 or a newer one.')
  @minLength(1)
  @maxLength(64)
  connectionProfile: string?

  @description('With requestCertificate: how long an issued certificate has to be valid; outside: degraded.')
  issuedCertificateDays: issuedCertificateDays?

  @description('Slower than this, in seconds: degraded.')
  @minValue(1)
  withinSeconds: int?

  @description('Days. The certificate of the server, of the device, or the secret, nearer its end: degraded.')
  @minValue(0)
  @maxValue(3650)
  certificateDaysLeft: int?

  @description('SHA-256 fingerprints (AB:CD:…) of the root certificates that the server may chain to. Default: a change of the root is reported.')
  @minLength(1)
  rootFingerprints: string[]?
}

@export()
@description('Days of validity that an operational certificate has when it is issued.')
@sealed()
type issuedCertificateDays = {
  @description('Fewer: degraded.')
  @minValue(0)
  min: int?

  @description('More: degraded.')
  @minValue(1)
  max: int?
}

@export()
@description('Whether storage and vault are reached over their public endpoints or over private ones.')
@discriminator('kind')
type network = publicNetwork | privateNetwork

@export()
@description('Public endpoints, protected by Entra ID alone.')
@sealed()
type publicNetwork = {
  @description('Public endpoints.')
  kind: 'public'
}

@export()
@description('A virtual network for each location, private endpoints for storage and vault, their public access off.')
@sealed()
type privateNetwork = {
  @description('Private endpoints.')
  kind: 'private'

  @description('Address space, /16 to /20; each location takes the next /24 of it.')
  @minLength(9)
  addressPrefix: string

  @description('public: the HTTP functions stay reachable (with their keys) and a deployment needs no runner inside. private: the app too is reachable from the network alone.')
  appInbound: 'public' | 'private'

  @description('A NAT gateway for each location: devices appear from one fixed address, which an IP filter of the provisioning service can name.')
  fixedOutboundAddress: bool
}

@export()
@description('When a notification is sent, and to whom.')
@sealed()
type alerting = {
  @description('Resource IDs of existing action groups.')
  actionGroupIds: string[]?

  @description('Mail addresses for an action group made here.')
  emailAddresses: string[]?

  @description('A probe is reported failing when at least this many of its newest ofRuns runs failed; at most ofRuns. Default: 2.')
  @minValue(1)
  @maxValue(20)
  failingRuns: int?

  @description('How many of the newest runs are looked at. Default: 3.')
  @minValue(1)
  @maxValue(20)
  ofRuns: int?

  @description('Objective that the burn rates refer to, in hundredths of a percent. Default: 9900, which is 99 %. Below 9286 the fast burn-rate rule could never fire: 14 times the error budget would be more than every run.')
  @minValue(9286)
  @maxValue(9999)
  objectiveBasisPoints: int?

  @description('A probe is silent after this many minutes without a run, or after three times its everyMinutes. Default: 30.')
  @minValue(10)
  @maxValue(1440)
  silentMinutes: int?

  @description('Days. Certificates and secrets nearer their end are reported. Default: 21.')
  @minValue(1)
  @maxValue(365)
  expiryDaysLeft: int?
}

@export()
@description('Names of secrets in the vault: an address that holds a token is a secret itself.')
@sealed()
type webhookSecrets = {
  @description('Holds the https address.')
  @minLength(1)
  @maxLength(127)
  urlSecret: string

  @description('Holds the key of the signature. Null: not signed.')
  @minLength(1)
  @maxLength(127)
  keySecret: string?
}

@export()
@description('A location, and what the names of its resources are made from.')
@sealed()
type site = {
  @description('Region.')
  location: string

  @description('End of the names.')
  suffix: string

  @description('Name of its storage account.')
  storageName: string
}

@export()
@description('Tags of every resource.')
type tags = {
  @description('A tag.')
  *: string
}
