import type { InvocationContext } from '@azure/functions';
import type { Services } from '../../../app/services.ts';
import type { StatusReport } from '../../report/statusReport.ts';
import type { PageSection } from '../overview/statusPage.ts';
import { recentSimulations, simulationsSection } from './simulationsSection.ts';

/** What the status page shows of simulations: nothing where there are none, or where they cannot be read, which the log then says. */
export async function statusPageSections(
  services: Services,
  invocation: InvocationContext,
  { generatedAt }: StatusReport,
  query: URLSearchParams,
): Promise<readonly PageSection[]> {
  try {
    const { openSimulations } = await import('../../../simulations/store/openSimulations.ts');
    const context = await openSimulations(services, invocation);
    if (!context) return [];
    const section = simulationsSection(await recentSimulations(context), generatedAt, {
      code: query.get('code') ?? undefined,
    });
    return section ? [section] : [];
  } catch (error) {
    invocation.warn(`The page shows no simulations: ${error instanceof Error ? error.message : String(error)}`);
    return [];
  }
}
