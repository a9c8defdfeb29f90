import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { needsBicep, resourcesOf, type Snapshot, snapshotOf } from '../support/bicep.ts';

describe('the private network', needsBicep, () => {
  let snapshot: Snapshot;
  beforeAll(async () => {
    snapshot = await snapshotOf('everything');
  }, 120_000);

  it('closes the public access of storage, vault and apps', () => {
    const closed = [
      ...resourcesOf(snapshot, 'Microsoft.Storage/storageAccounts'),
      ...resourcesOf(snapshot, 'Microsoft.KeyVault/vaults'),
      ...resourcesOf(snapshot, 'Microsoft.Web/sites'),
    ];
    expect(closed).toHaveLength(3 + 1 + 3);
    for (const { properties } of closed) expect(properties).toMatchObject({ publicNetworkAccess: 'Disabled' });
  });

  it('has an endpoint for all that was closed', () => {
    const endpoints = resourcesOf(snapshot, 'Microsoft.Network/privateEndpoints').map(({ name }) =>
      name.replace(/(?<=-st|-)[a-z0-9]{13}(?=-)/, '*').replace(/westeurope|eastus2|japaneast/, 'LOCATION'),
    );
    const eachLocation = ['pe-st*-blob', 'pe-st*-queue', 'pe-st*-table', 'pe-func-LOCATION-*-sites'];
    expect(endpoints.toSorted()).toEqual([...Array(3).fill(eachLocation).flat(), 'pe-kv-*-vault'].toSorted());
    expect(resourcesOf(snapshot, 'Microsoft.Network/privateEndpoints/privateDnsZoneGroups')).toHaveLength(13);
  });

  it('links each zone to the network of each location', () => {
    expect(resourcesOf(snapshot, 'Microsoft.Network/privateDnsZones')).toHaveLength(5);
    expect(resourcesOf(snapshot, 'Microsoft.Network/privateDnsZones/virtualNetworkLinks')).toHaveLength(5 * 3);
  });

  it('gives each app a delegated subnet of its own that is large enough, and each location addresses of its own', () => {
    const subnet = z.object({
      name: z.string(),
      properties: z.object({
        addressPrefix: z.string(),
        delegations: z.array(z.object({ properties: z.object({ serviceName: z.string() }) })).optional(),
        networkSecurityGroup: z.object({ id: z.string() }),
        natGateway: z.object({ id: z.string() }).nullish(),
      }),
    });
    const networks = resourcesOf(snapshot, 'Microsoft.Network/virtualNetworks').map(({ properties }) =>
      z.object({ subnets: z.tuple([subnet, subnet]) }).parse(properties),
    );
    expect(networks.map(({ subnets }) => subnets.map(({ properties }) => properties.addressPrefix))).toEqual([
      ['10.60.0.0/26', '10.60.0.64/26'],
      ['10.60.1.0/26', '10.60.1.64/26'],
      ['10.60.2.0/26', '10.60.2.64/26'],
    ]);
    for (const { subnets } of networks) {
      const [app] = subnets;
      expect(app.properties.delegations?.map(({ properties }) => properties.serviceName)).toEqual([
        'Microsoft.App/environments',
      ]);
      expect(app.properties.natGateway?.id).toContain('natGateways');
    }
  });

  it('peers further locations with the first one, which has the vault and the history, in both directions', () => {
    const peerings = resourcesOf(snapshot, 'Microsoft.Network/virtualNetworks/virtualNetworkPeerings').map(({ name }) =>
      name.replace(/-[a-z0-9]{13}/g, ''),
    );
    expect(peerings.toSorted()).toEqual([
      'vnet-eastus2/to-vnet-westeurope',
      'vnet-japaneast/to-vnet-westeurope',
      'vnet-westeurope/to-vnet-eastus2',
      'vnet-westeurope/to-vnet-japaneast',
    ]);
  });

  it('is not there by default', async () => {
    const defaults = await snapshotOf('defaults');
    expect(defaults.predictedResources.filter(({ type }) => type.startsWith('Microsoft.Network/'))).toEqual([]);
  }, 120_000);
});
