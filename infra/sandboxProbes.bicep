metadata description = 'The probes of the sandbox: one for each kind of enrollment, and one that must be refused. infra/scripts/sandbox.sh creates their enrollments and secrets.'

import { probe } from 'types.bicep'

@export()
@description('The four probes of the sandbox.')
func sandboxProbes(idScope string) probe[] => [
  {
    name: 'sandbox-key'
    idScope: idScope
    registrationId: 'sandbox-key'
    attestation: { type: 'symmetricKey', secret: 'sandbox-key' }
    verifyHub: 'connect'
  }
  {
    name: 'sandbox-group'
    idScope: idScope
    registrationId: 'sandbox-group-001'
    attestation: { type: 'symmetricKey', secret: 'sandbox-group-key', enrollment: 'group' }
    transport: 'mqtt-ws'
  }
  {
    name: 'sandbox-certificate'
    idScope: idScope
    registrationId: 'sandbox-certificate'
    attestation: { type: 'x509', certificate: 'sandbox-certificate' }
    expect: { certificateDaysLeft: 30 }
  }
  {
    name: 'sandbox-wrong-key'
    idScope: idScope
    registrationId: 'sandbox-wrong-key'
    attestation: { type: 'symmetricKey', secret: 'sandbox-wrong-key' }
    expect: { result: 'refused' }
  }
]
