/** The app's table of contents: every function, each in the file of its name. */
import './functions/runProbes.ts';
import './functions/runProbeNow.ts';
import './functions/listProbes.ts';
import './functions/probe.ts';
import './functions/listOutcomes.ts';
import './functions/metrics.ts';
import './functions/health.ts';
import './functions/status.ts';
import './functions/badge.ts';
import './functions/pruneOutcomes.ts';
import './functions/startSimulation.ts';
import './functions/getSimulation.ts';
import './functions/listSimulationOutcomes.ts';
import './functions/cancelSimulation.ts';
import './functions/runSimulationBatch.ts';
import './functions/failSimulationBatch.ts';
