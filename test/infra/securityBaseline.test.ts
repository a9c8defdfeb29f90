import { beforeAll, describe, expect, it } from 'vitest';
import { needsBicep, resourcesOf, type Snapshot, snapshotOf } from '../support/bicep.ts';

const everyParameterFile = ['defaults', 'everything', 'existing'];

describe.each(everyParameterFile)('the deployment with %s', needsBicep, (name) => {
  let snapshot: Snapshot;
  beforeAll(async () => {
    snapshot = await snapshotOf(name);
  }, 120_000);

  it('predicts without a diagnostic', () => {
    expect(snapshot.diagnostics).toEqual([]);
    expect(snapshot.predictedResources.length).toBeGreaterThan(30);
  });

  it('opens storage to identities alone, over TLS 1.2 or newer', () => {
    const accounts = resourcesOf(snapshot, 'Microsoft.Storage/storageAccounts');
    expect(accounts.length).toBeGreaterThan(0);
    for (const account of accounts) {
      expect(account.properties).toMatchObject({
        allowSharedKeyAccess: false,
        allowBlobPublicAccess: false,
        minimumTlsVersion: 'TLS1_2',
        supportsHttpsTrafficOnly: true,
      });
    }
  });

  it('serves the apps only over HTTPS, and disables publishing with a password', () => {
    const apps = resourcesOf(snapshot, 'Microsoft.Web/sites');
    expect(apps.length).toBeGreaterThan(0);
    for (const app of apps) {
      expect(app.properties).toMatchObject({
        httpsOnly: true,
        siteConfig: { minTlsVersion: '1.2', scmMinTlsVersion: '1.2', ftpsState: 'Disabled' },
      });
    }
    const publishing = resourcesOf(snapshot, 'Microsoft.Web/sites/basicPublishingCredentialsPolicies');
    expect(publishing).toHaveLength(2 * apps.length);
    for (const policy of publishing) expect(policy.properties).toEqual({ allow: false });
  });

  it('accepts telemetry only from identities', () => {
    for (const component of resourcesOf(snapshot, 'Microsoft.Insights/components')) {
      expect(component.properties).toMatchObject({ DisableLocalAuth: true });
    }
    for (const workspace of resourcesOf(snapshot, 'Microsoft.OperationalInsights/workspaces')) {
      expect(workspace.properties).toMatchObject({ features: { disableLocalAuth: true } });
    }
  });

  it('creates vaults with role-based access that, except in a sandbox, cannot be purged', () => {
    for (const vault of resourcesOf(snapshot, 'Microsoft.KeyVault/vaults')) {
      expect(vault.properties).toMatchObject({
        enableRbacAuthorization: true,
        enablePurgeProtection: name === 'everything' ? null : true,
        enableSoftDelete: true,
      });
    }
  });

  it('tags every resource that can carry tags', () => {
    const untagged = snapshot.predictedResources
      .filter(({ location, tags }) => location !== undefined && tags?.['azd-env-name'] !== name)
      .map(({ id }) => id);
    expect(untagged).toEqual([]);
  });

  it('puts no key into a setting, and no secret into an output', () => {
    const exposed = JSON.stringify([resourcesOf(snapshot, 'Microsoft.Web/sites/config'), snapshot.outputs]);
    expect(exposed).not.toMatch(/listKeys|AccountKey|SharedAccessKey|getSecret/i);
  });
});

describe('keys inside the deployment', needsBicep, () => {
  it('are read once, by the provisioning service of the sandbox for its own hub', async () => {
    const snapshot = await snapshotOf('everything');
    const readers = snapshot.predictedResources.filter((resource) => JSON.stringify(resource).includes('listKeys('));
    expect(readers.map(({ type }) => type)).toEqual(['Microsoft.Devices/provisioningServices']);
  }, 120_000);
});
