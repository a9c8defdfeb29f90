import type { ProbeResult } from '../../outcomes/outcome.ts';
import type { Phase } from '../../transport/phase.ts';

/** Phases as people say them. */
export const phaseNames: { readonly [phase in Phase]: string } = {
  keyVault: 'Key Vault',
  dns: 'DNS',
  tcp: 'TCP',
  tls: 'TLS',
  webSocket: 'WebSocket',
  mqttConnect: 'MQTT connect',
  subscribe: 'Subscribe',
  register: 'Register',
  assign: 'Assign',
  hub: 'Hub',
};

/** The phase in which a run ended early; undefined where it went all the way. */
export function stoppedAt(result: ProbeResult): Phase | undefined {
  return result.kind === 'assigned' ? undefined : result.phase;
}
