/** A device twin, as far as a device sees it: desired and reported properties, each with its version. */
export interface Twin {
  readonly desired: Properties;
  readonly reported: Properties;
}

type Properties = { readonly $version: number } & Record<string, unknown>;

export function newTwin(): Twin {
  return { desired: { $version: 1 }, reported: { $version: 1 } };
}

/** Reported properties merge; `null` removes one. */
export function reportProperties(twin: Twin, patch: Record<string, unknown>): Twin {
  const merged = { ...twin.reported, ...patch, $version: twin.reported.$version + 1 };
  const kept = Object.entries(merged).filter(([, value]) => value !== null);
  return { ...twin, reported: { ...Object.fromEntries(kept), $version: merged.$version } };
}
