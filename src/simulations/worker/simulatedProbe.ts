import { type ConfigurationError, explainIssue, toErrors } from '../../config/configurationErrors.ts';
import { type Probe, probeSchema } from '../../config/probe.ts';
import type { ResolvedRequest } from '../simulation.ts';
import { registrationIdOf } from '../simulationPlan.ts';

type ProbeOrFaults =
  | {
      readonly kind: 'probe';
      readonly probe: Probe;
      /** Hubs that may be given a credential: an expectation in a request judges, and widens nothing. */
      readonly configuredHubs: readonly string[] | undefined;
    }
  | { readonly kind: 'invalid'; readonly faults: readonly ConfigurationError[] };

/**
 * The configured probe with what the request changes, as its last device sees it: held against the rules for probes, because a request
 * can name values that are each right and together wrong. An expected `deviceId` is not taken over, for N devices cannot all have it.
 */
export function simulatedProbe(configured: Probe, request: ResolvedRequest): ProbeOrFaults {
  const { transport, payload, timeoutSeconds, expect } = request;
  const { deviceId: _, ...inherited } = configured.expect;
  const parsed = probeSchema.safeParse(
    {
      ...configured,
      registrationId: registrationIdOf(request, request.devices - 1),
      ...(transport !== undefined && { transport }),
      ...(payload !== undefined && { payload }),
      ...(timeoutSeconds !== undefined && { timeoutSeconds }),
      expect: expect ?? inherited,
    },
    { error: explainIssue },
  );
  if (parsed.success) return { kind: 'probe', probe: parsed.data, configuredHubs: configured.expect.assignedHub };
  const faults = toErrors(parsed.error.issues, '').map(({ path, message }) => ({
    path: path === 'registrationId' ? 'registrationIdPrefix' : path,
    message,
  }));
  return { kind: 'invalid', faults };
}
