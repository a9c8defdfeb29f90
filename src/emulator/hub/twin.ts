/** The part of a device twin that a device sees: desired and reported properties, each with its version. */
export interface Twin {
  readonly desired: Properties;
  readonly reported: Properties;
}

type Properties = { readonly $version: number } & Record<string, unknown>;

export interface TwinResponse {
  readonly status: number;
  /** In the topic, after `$rid`. */
  readonly parameters: string;
  readonly body: string;
}

/** @param status the status that a fault returns instead of the twin */
export function respondToTwin(
  twins: Map<string, Twin>,
  deviceId: string,
  request: { readonly kind: 'twinGet' | 'twinPatch'; readonly body: string },
  status: number | undefined,
): TwinResponse {
  if (status !== undefined) return errorResponse(status, status * 1000, 'A fault of the stand-in.');
  const twin = twins.get(deviceId) ?? { desired: { $version: 1 }, reported: { $version: 1 } };
  if (request.kind === 'twinGet') return { status: 200, parameters: '', body: JSON.stringify(twin) };

  const patch = parsePatch(request.body);
  if (patch === undefined) return errorResponse(400, 400000, 'The body is not a JSON object.');
  const reported = merge(twin.reported, patch);
  twins.set(deviceId, { ...twin, reported });
  return { status: 204, parameters: `&$version=${reported.$version}`, body: '' };
}

/** Reported properties merge; `null` removes one. */
function merge(reported: Properties, patch: Record<string, unknown>): Properties {
  const $version = reported.$version + 1;
  const kept = Object.entries({ ...reported, ...patch }).filter(([, value]) => value !== null);
  return { ...Object.fromEntries(kept), $version };
}

function errorResponse(status: number, errorCode: number, message: string): TwinResponse {
  return { status, parameters: '', body: JSON.stringify({ errorCode, message }) };
}

function parsePatch(body: string): Record<string, unknown> | undefined {
  try {
    const patch: unknown = JSON.parse(body);
    return typeof patch === 'object' && patch !== null && !Array.isArray(patch) ? { ...patch } : undefined;
  } catch {
    return undefined; // becomes an error response
  }
}
