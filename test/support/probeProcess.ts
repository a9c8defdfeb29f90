/** A process that runs the given probes one after the other and reports their results. */
import { z } from 'zod';
import { probeSchema } from '../../src/config/probe.ts';
import { runProbe } from '../../src/probes/runProbe.ts';

const [probes = '[]', key = ''] = process.argv.slice(2);

for (const probe of z.array(probeSchema).parse(JSON.parse(probes))) {
  const { result, phases } = await runProbe(probe, {
    readSecret: async () => ({ kind: 'found', value: key }),
    configuredHubs: probe.expect.assignedHub,
  });
  console.log(JSON.stringify({ kind: result.kind, phases: Object.keys(phases) }));
}
