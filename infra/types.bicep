metadata description = 'The type of a probe. It is the same as the JSON Schema of the app; a test compares them.'

@export()
@description('One configured check, as the app reads it from PROBES.')
@sealed()
type probe = {
  @description('Unique name in alerts, on the status page and in the metrics. Lower-case letters, digits and dashes.')
  @minLength(1)
  @maxLength(63)
  name: string

  @description('ID scope of the Device Provisioning Service, from its overview page.')
  @minLength(1)
  @maxLength(64)
  idScope: string

  @description('Registration ID of the simulated device. Use a different one for each probe, because a second connection closes the first.')
  @minLength(1)
  @maxLength(128)
  registrationId: string

  @description('How the simulated device authenticates.')
  attestation: attestation

  @description('host[:port] to which the device connects. Default: global.azure-devices-provisioning.net.')
  @maxLength(259)
  globalDeviceEndpoint: string?

  @description('mqtt: TLS on 8883 (default). mqtt-ws: WebSocket on 443.')
  transport: ('mqtt' | 'mqtt-ws')?

  @description('Version of the device API. Default: 2019-03-31; with requestCertificate 2025-07-01-preview, with expect.connectionProfile 2026-11-02-preview.')
  @minLength(10)
  @maxLength(18)
  apiVersion: string?

  @description('Data for a custom allocation policy.')
  #disable-next-line use-user-defined-types // any JSON object, which only the webhook interprets
  payload: object?

  @description('Deadline of a run, in seconds. Default: 60; with verifyHub renew 180.')
  @minValue(1)
  @maxValue(220)
  timeoutSeconds: int?

  @description('Minutes between two runs. Default: every scheduled run; with verifyHub renew 60.')
  @minValue(1)
  @maxValue(1440)
  everyMinutes: int?

  @description('Requests an operational certificate with a certificate signing request. Each run issues one. Default: false.')
  requestCertificate: bool?

  @description('What to verify at the assigned hub; renew needs requestCertificate. Default: nothing.')
  verifyHub: ('connect' | 'telemetry' | 'twin' | 'renew')?

  @description('Tags that group the status page and filter the results.')
  tags: string[]?

  @description('The expected result of a healthy run. Default: the device is assigned.')
  expect: expectation?
}

@export()
@description('Name of a secret or certificate in the vault.')
func secretOf(configured probe) string =>
  configured.attestation.type == 'symmetricKey' ? configured.attestation.secret : configured.attestation.certificate

@export()
@description('How a simulated device authenticates. Contains names of Key Vault objects, never a key.')
@discriminator('type')
type attestation = symmetricKeyAttestation | x509Attestation

@export()
@description('A shared access signature, computed with a key in the vault.')
@sealed()
type symmetricKeyAttestation = {
  @description('Symmetric key.')
  type: 'symmetricKey'

  @description('Name of the Key Vault secret with the base64 key.')
  @minLength(1)
  @maxLength(127)
  secret: string

  @description('individual (default), or group: the device key is derived from the key of the enrollment group.')
  enrollment: enrollment?

  @description('Lifetime of the token, in seconds. Negative: an expired token, for a device that must be refused. Default: 3600.')
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

  @description('Name of the Key Vault certificate: the certificate of the device, or the CA of the enrollment group.')
  @minLength(1)
  @maxLength(127)
  certificate: string

  @description('individual (default), or group: a leaf certificate is issued for the device, in memory.')
  enrollment: enrollment?
}

@export()
@description('Kind of the enrollment that accepts the device.')
type enrollment = 'individual' | 'group'

@export()
@description('The expected result. The verdict of a run depends on it.')
@sealed()
type expectation = {
  @description('Expected result: assigned (default), refused (the service rejects the device), disabled or failed.')
  result: ('assigned' | 'refused' | 'disabled' | 'failed')?

  @description('With refused or failed: the expected six-digit error code, or an array of codes.')
  #disable-next-line no-explicit-any // Bicep has no type for "a number or an array of numbers"; the app checks it
  errorCode: any?

  @description('Host names of the hubs that the device may be assigned to.')
  @minLength(1)
  assignedHub: string[]?

  @description('Expected device ID.')
  @minLength(1)
  @maxLength(128)
  deviceId: string?

  @description('Expected substatus, such as initialAssignment.')
  @minLength(1)
  @maxLength(128)
  substatus: string?

  @description('Expected connection profile of the hub: classic, mqttV5 or a newer one.')
  @minLength(1)
  @maxLength(64)
  connectionProfile: string?

  @description('With requestCertificate: expected validity of an issued certificate. Otherwise: degraded.')
  issuedCertificateDays: issuedCertificateDays?

  @description('Maximum duration in seconds. Slower: degraded.')
  @minValue(1)
  withinSeconds: int?

  @description('Days. Degraded if the certificate of the server or the device, or the secret, expires earlier.')
  @minValue(0)
  @maxValue(3650)
  certificateDaysLeft: int?

  @description('SHA-256 fingerprints (AB:CD:…) of the root certificates that the server may chain to. Default: a change of the root is reported.')
  @minLength(1)
  rootFingerprints: string[]?
}

@export()
@description('Validity of an operational certificate when it is issued, in days.')
@sealed()
type issuedCertificateDays = {
  @description('Minimum. Fewer: degraded.')
  @minValue(0)
  min: int?

  @description('Maximum. More: degraded.')
  @minValue(1)
  max: int?
}

@export()
@description('Whether the apps use the public or the private endpoints of storage and vault.')
@discriminator('kind')
type network = publicNetwork | privateNetwork

@export()
@description('Public endpoints, protected by Entra ID.')
@sealed()
type publicNetwork = {
  @description('Public endpoints.')
  kind: 'public'
}

@export()
@description('A virtual network for each location, with private endpoints for storage and vault and without public access to them.')
@sealed()
type privateNetwork = {
  @description('Private endpoints.')
  kind: 'private'

  @description('Address space, /16 to /20. Each location uses the next /24 of it.')
  @minLength(9)
  addressPrefix: string

  @description('public: the HTTP functions can be reached from the internet (with their keys), and a deployment needs no runner in the network. private: the apps, too, can be reached only from the network.')
  appInbound: 'public' | 'private'

  @description('A NAT gateway for each location: devices connect from one fixed address, which an IP filter of the provisioning service can allow.')
  fixedOutboundAddress: bool
}

@export()
@description('When to send a notification, and to whom.')
@sealed()
type alerting = {
  @description('Resource IDs of existing action groups.')
  actionGroupIds: string[]?

  @description('Mail addresses for an action group that the deployment creates.')
  emailAddresses: string[]?

  @description('A probe is reported failing when at least this many of its newest ofRuns runs failed; at most ofRuns. Default: 2.')
  @minValue(1)
  @maxValue(20)
  failingRuns: int?

  @description('Number of newest runs that the rules consider, at most as many as the slowest probe has in two days. Default: 3, or 2 with a probe that runs once a day.')
  @minValue(1)
  @maxValue(20)
  ofRuns: int?

  @description('Availability objective for the burn rates, in hundredths of a percent. Default: 9900, which is 99 %. Minimum: 9286. Below it the fast burn-rate rule could never fire, because 14 times the error budget would be more than all runs.')
  @minValue(9286)
  @maxValue(9999)
  objectiveBasisPoints: int?

  @description('A probe is silent after this many minutes without a run, or after three times its everyMinutes. Default: 30.')
  @minValue(10)
  @maxValue(1440)
  silentMinutes: int?

  @description('Days. A certificate or secret that expires earlier is reported. Default: 21.')
  @minValue(1)
  @maxValue(365)
  expiryDaysLeft: int?
}

@export()
@description('Names of secrets in the vault. The address is a secret because it may contain a token.')
@sealed()
type webhookSecrets = {
  @description('Name of the secret with the https address.')
  @minLength(1)
  @maxLength(127)
  urlSecret: string

  @description('Name of the secret with the signing key. Null: not signed.')
  @minLength(1)
  @maxLength(127)
  keySecret: string?
}

@export()
@description('A location and the names of its resources.')
@sealed()
type site = {
  @description('Region.')
  location: string

  @description('Suffix of the names.')
  suffix: string

  @description('Name of its storage account.')
  storageName: string
}

@export()
@description('Tags of all resources.')
type tags = {
  @description('A tag.')
  *: string
}
