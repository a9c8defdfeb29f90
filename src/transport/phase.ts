/** The phases of a run, in order. They show the duration of each step, and the step in which a run stopped. */
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
