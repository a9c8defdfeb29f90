import type { DpsConfigurationInput } from './dps/dpsConfiguration.ts';
import { deviceKeyOf } from './sasToken.ts';

/** Public on purpose: these keys only work with this stand-in. */
const individualKey = Buffer.from('a key that opens only the DPS stand-in').toString('base64');
const groupKey = Buffer.from('a group key that opens only the DPS stand-in').toString('base64');

const exampleOfGroup = 'device-001';

/** The configuration without `--config`: one device, and one group for any other device. */
export const demoConfiguration: DpsConfigurationInput = {
  idScope: '0neLOCAL',
  credentialPolicies: [{ name: 'default' }],
  individualEnrollments: [
    {
      registrationId: 'demo-device',
      attestation: { type: 'symmetricKey', symmetricKey: { primaryKey: individualKey } },
      credentialPolicyName: 'default',
    },
  ],
  enrollmentGroups: [
    {
      enrollmentGroupId: 'demo-group',
      attestation: { type: 'symmetricKey', symmetricKey: { primaryKey: groupKey } },
      credentialPolicyName: 'default',
    },
  ],
};

/** Lines to paste from: keys, and a command that registers the demo device. */
export function describeDemo({ endpoint, caFile }: { readonly endpoint: string; readonly caFile: string }) {
  return [
    `individual enrollment   registrationId ${'demo-device'.padEnd(12)} key ${individualKey}`,
    `group enrollment        any registrationId          key ${groupKey}`,
    `  derived from it       registrationId ${exampleOfGroup.padEnd(12)} key ${deviceKeyOf(Buffer.from(groupKey, 'base64'), exampleOfGroup).toString('base64')}`,
    '',
    'Register the device from another terminal:',
    `  export NODE_EXTRA_CA_CERTS=${caFile} DEMO_KEY=${individualKey}`,
    `  npm run probe -- --id-scope 0neLOCAL --registration-id demo-device --endpoint ${endpoint} --key-env DEMO_KEY`,
  ];
}
