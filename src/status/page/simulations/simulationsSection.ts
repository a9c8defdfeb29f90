import { hasEnded } from '../../../simulations/simulation.ts';
import type { SimulationContext } from '../../../simulations/simulationContext.ts';
import { type SimulationView, viewSimulation } from '../../../simulations/simulationView.ts';
import { html } from '../html.ts';
import type { PageSection } from '../overview/statusPage.ts';
import { type PageContext, publicPage } from '../pageContext.ts';
import { simulationDetails } from './simulationDetails.ts';

const shown = 5;
/** While a simulation runs. */
const refreshSeconds = 5;

/** The newest simulations. Only reads: an open page must not reconcile simulations all day. */
export async function recentSimulations(context: SimulationContext): Promise<readonly SimulationView[]> {
  const { simulations } = await context.simulations.page(shown);
  return Promise.all(simulations.map((simulation) => viewSimulation(simulation, context)));
}

/** For the status page; undefined when there is nothing to show. `now` is ISO 8601. */
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
