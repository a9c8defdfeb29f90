import type { HttpResponseInit } from '@azure/functions';
import type { Services } from '../app/services.ts';
import type { Probe } from '../config/probe.ts';
import { problem } from './problem.ts';

/** A caller names a configured probe: hosts, scopes and secrets never come from a request. */
export function probeNamed({ probes }: Services, name: string | undefined): Probe | undefined {
  return probes.find((probe) => probe.name === name);
}

export function unknownProbe({ probes }: Services, name = ''): HttpResponseInit {
  const known =
    probes.length === 0 ? 'none is configured' : `configured are ${probes.map((probe) => probe.name).join(', ')}`;
  return problem({
    status: 404,
    title: 'No such probe',
    detail: `No probe is called ${JSON.stringify(name.slice(0, 64))}; ${known}.`,
  });
}
