/** Where the time of a run went, and where it stopped: the phases of a device's way into its hub, in order. */
export const phases = [
  'keyVault',
  'dns',
  'tcp',
  'tls',
  'webSocket',
  'mqttConnect',
  'subscribe',
  'register',
  'assign',
  'hub',
] as const;

export type Phase = (typeof phases)[number];

/** Milliseconds spent in each phase that was entered. */
export type PhaseTimes = { readonly [phase in Phase]?: number };
