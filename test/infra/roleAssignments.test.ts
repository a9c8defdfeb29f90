import { describe, expect, it } from 'vitest';
import { needsBicep, resourcesOf, type Snapshot, snapshotOf } from '../support/bicep.ts';

const roleNames: { readonly [id: string]: string } = {
  'b7e6dc6d-f1e8-4753-8033-0f276bb0955b': 'Storage Blob Data Owner',
  '974c5e8b-45b9-4653-ba55-5f855dd0fb88': 'Storage Queue Data Contributor',
  '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3': 'Storage Table Data Contributor',
  '4633458b-17de-408a-b874-0445c86b69e6': 'Key Vault Secrets User',
  '3913510d-42f4-4e42-8a64-420c390055eb': 'Monitoring Metrics Publisher',
  'b86a8fe4-44ce-4948-aee5-eccb2c155cd7': 'Key Vault Secrets Officer',
  'a4417e6f-fecd-4de8-b567-7b0420556985': 'Key Vault Certificates Officer',
  'dfce44e4-17b7-4bd1-a6d1-04996ec95633': 'Device Provisioning Service Data Contributor',
};

/** Each assignment as "role on scope", with the unique end of names left out. */
function assignmentsIn(snapshot: Snapshot): readonly string[] {
  return resourcesOf(snapshot, 'Microsoft.Authorization/roleAssignments')
    .map(({ id, properties }) => {
      const scope = id.split('/providers/Microsoft.Authorization/')[0]?.split('/providers/')[1] ?? id;
      const roleId = String(properties?.roleDefinitionId).split('/').at(-1) ?? '';
      const place = scope.replace(/(st|kv-|appi-)[a-z0-9]{13}/, (_, prefix) => `${prefix}*`);
      return `${roleNames[roleId] ?? roleId} on ${place}`;
    })
    .toSorted();
}

describe('role assignments', needsBicep, () => {
  it('are these five for one location', async () => {
    expect(assignmentsIn(await snapshotOf('defaults'))).toEqual([
      'Key Vault Secrets User on Microsoft.KeyVault/vaults/kv-*',
      'Monitoring Metrics Publisher on Microsoft.Insights/components/appi-*',
      'Storage Blob Data Owner on Microsoft.Storage/storageAccounts/st*',
      'Storage Queue Data Contributor on Microsoft.Storage/storageAccounts/st*',
      'Storage Table Data Contributor on Microsoft.Storage/storageAccounts/st*',
    ]);
  }, 120_000);

  it('are described by the names of their roles, because a plan shows only IDs', async () => {
    for (const stage of ['defaults', 'everything', 'existing']) {
      for (const { properties } of resourcesOf(await snapshotOf(stage), 'Microsoft.Authorization/roleAssignments')) {
        const roleId = String(properties?.roleDefinitionId).split('/').at(-1) ?? '';
        expect(properties?.description).toBe(roleNames[roleId]);
      }
    }
  }, 120_000);

  it('reach a vault of another team at its named secrets alone', async () => {
    const snapshot = await snapshotOf('existing');
    const ofVault = resourcesOf(snapshot, 'Microsoft.Authorization/roleAssignments').filter(({ id }) =>
      id.includes('Microsoft.KeyVault'),
    );
    expect(ofVault.map(({ id }) => id.split('/providers/Microsoft.Authorization/')[0])).toEqual([
      '/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/rg-keys/providers/Microsoft.KeyVault/vaults/kv-of-the-team/secrets/canary-001-key',
    ]);
  }, 120_000);

  it('give further locations access to their own storage, and at the first one only to the tables of the history', async () => {
    const snapshot = await snapshotOf('everything');
    const [first = ''] = resourcesOf(snapshot, 'Microsoft.Storage/storageAccounts').map(({ name }) => name);
    const onFirst = resourcesOf(snapshot, 'Microsoft.Authorization/roleAssignments')
      .filter(({ id }) => id.includes(`/storageAccounts/${first}/`))
      .map(({ properties }) => ({
        role: roleNames[String(properties?.roleDefinitionId).split('/').at(-1) ?? ''],
        identity: /format\('identities-\{0\}-\{1\}', (\d)/.exec(String(properties?.principalId))?.[1],
      }));
    expect(onFirst.filter(({ identity }) => identity !== '0')).toEqual([
      { role: 'Storage Table Data Contributor', identity: '1' },
      { role: 'Storage Table Data Contributor', identity: '2' },
    ]);
  }, 120_000);

  it('name each secret of each probe and of the webhook, once, for each location', async () => {
    const snapshot = await snapshotOf('everything');
    const secrets = resourcesOf(snapshot, 'Microsoft.Authorization/roleAssignments').flatMap(
      ({ id }) => /\/secrets\/([^/]+)\//.exec(id)?.[1] ?? [],
    );
    expect(new Set(secrets)).toEqual(
      new Set([
        'canary-001-key',
        'fleet-ca',
        'sandbox-key',
        'sandbox-group-key',
        'sandbox-certificate',
        'sandbox-wrong-key',
        'chat-address',
        'chat-key',
      ]),
    );
    expect(secrets).toHaveLength(8 * 3);
  }, 120_000);

  it('of a sandbox allow only the person who deploys it to create enrollments and store their keys', async () => {
    const snapshot = await snapshotOf('everything');
    const ofDeployer = resourcesOf(snapshot, 'Microsoft.Authorization/roleAssignments').filter(({ properties }) =>
      String(properties?.principalId).includes('deployer()'),
    );
    const roles = ofDeployer.map(
      ({ properties }) => roleNames[String(properties?.roleDefinitionId).split('/').at(-1) ?? ''],
    );
    expect(roles.toSorted()).toEqual([
      'Device Provisioning Service Data Contributor',
      'Key Vault Certificates Officer',
      'Key Vault Secrets Officer',
    ]);
    const withoutSandbox = JSON.stringify(await snapshotOf('defaults'));
    expect(withoutSandbox).not.toContain('deployer()');
  }, 120_000);
});
