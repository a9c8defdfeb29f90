import { onTestFinished } from 'vitest';
import { createLocalAuthority } from '../../src/emulator/certificates.ts';
import {
  type AppInsights,
  type AppInsightsOptions,
  startAppInsights,
} from '../../src/local/appInsights/appInsights.ts';
import { trust } from './trust.ts';

/** An ingestion endpoint that this process trusts, until the test is over. */
export async function startTestAppInsights(options: Partial<AppInsightsOptions> = {}): Promise<AppInsights> {
  const authority = await createLocalAuthority();
  trust(authority.caPem);
  const appInsights = await startAppInsights({ certificate: await authority.issueServer(), ...options });
  onTestFinished(() => appInsights.close());
  return appInsights;
}
