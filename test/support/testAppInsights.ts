import { onTestFinished } from 'vitest';
import {
  type AppInsights,
  type AppInsightsOptions,
  startAppInsights,
} from '../../src/local/appInsights/appInsights.ts';
import { createLocalAuthority } from '../../src/local/certificates.ts';
import { trust } from './trust.ts';

/** An ingestion endpoint that this process trusts, until the test is over. */
export async function startTestAppInsights(options: Partial<AppInsightsOptions> = {}): Promise<AppInsights> {
  const authority = await createLocalAuthority();
  trust(authority.caPem);
  const appInsights = await startAppInsights({ certificate: await authority.issueServer(), ...options });
  onTestFinished(() => appInsights.close());
  return appInsights;
}
