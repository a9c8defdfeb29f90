import { hasEnded } from '../../../simulations/simulation.ts';
import type { SimulationContext } from '../../../simulations/simulationContext.ts';
import { type SimulationView, viewSimulation } from '../../../simulations/simulationView.ts';
import { html } from '../html.ts';
import type { PageSection } from '../overview/statusPage.ts';
import { type PageContext, publicPage } from '../pageContext.ts';
import { simulationDetails } from './simulationDetails.ts';

const shown = 5;
/** While one runs. */
const refreshSeconds = 5;

/** The newest simulations. Reads only: a page that is looked at all day must not be what moves them on. */
export async function recentSimulations(context: SimulationContext): Promise<readonly SimulationView[]> {
  const { simulations } = await context.simulations.page(shown);
  return Promise.all(simulations.map((simulation) => viewSimulation(simulation, context)));
}

/** For the status page; undefined where there is nothing to show. `now` is ISO 8601. */
export function simulationsSection(
  views: readonly SimulationView[],
  now: string,
  context: PageContext = publicPage,
): PageSection | undefined {
  if (views.length === 0) return undefined;
  return {
    id: 'simulations',
    title: 'Simulations',
    content: html`${views.map((view) => simulationDetails(view, now, context))}`,
    ...(views.some(({ state }) => !hasEnded(state)) && { refreshSeconds }),
  };
}
