import * as z from 'zod/mini';

const placeholder = '{location}';

/** Alphanumeric plus `: . _ -`, at most 128, no special character at either end (DPS REST reference, Device Registration). */
const registrationIdForm = /^[A-Za-z0-9](?:[A-Za-z0-9:._-]{0,126}[A-Za-z0-9])?$/;
/** The same, where each `{location}` counts as letters and digits. */
const configuredForm =
  /^(?:[A-Za-z0-9]|\{location\})(?:(?:[A-Za-z0-9:._-]|\{location\}){0,126}(?:[A-Za-z0-9]|\{location\}))?$/;

export const registrationIdSchema = z
  .string()
  .check(
    z.regex(configuredForm, {
      error: 'expected at most 128 letters, digits or : . _ - with a letter or digit at both ends',
    }),
  )
  .register(z.globalRegistry, {
    description: `The simulated device's registration ID. Use a different one for each probe, because it is the MQTT client ID. In a group enrollment ${placeholder} gives each location a device of its own.`,
  });

/** A location may be part of a registration ID only if one enrollment accepts every location's device. */
export function placeholderError(registrationId: unknown, enrollment: unknown): string | undefined {
  if (typeof registrationId !== 'string' || !registrationId.includes(placeholder) || enrollment === 'group')
    return undefined;
  return `expected ${placeholder} only with a group enrollment: an individual enrollment is of one device`;
}

/** An error in one probe, by its index. */
export interface RegistrationIdError {
  readonly index: number;
  readonly message: string;
}

/** Replaces `{location}` by this app's location, in lower case and without spaces. */
export function resolveLocations<Probe extends { readonly registrationId: string }>(
  probes: readonly Probe[],
  location: string,
): { readonly probes: readonly Probe[]; readonly errors: readonly RegistrationIdError[] } {
  const name = nameOf(location);
  const resolved = probes.map((probe) => ({
    ...probe,
    registrationId: probe.registrationId.replaceAll(placeholder, name),
  }));
  const errors = resolved.flatMap(({ registrationId }, index) => {
    if (registrationIdForm.test(registrationId)) return [];
    const message = `expected a registration ID of at most 128 letters, digits or : . _ - once ${placeholder} is replaced, got ${JSON.stringify(registrationId)}: check PROBE_LOCATION`;
    return [{ index, message }];
  });
  return { probes: resolved, errors };
}

/**
 * True when all locations of the app simulate this one device: no part of its registration ID is the location. Their runs then wait for each
 * other, because a device is used by one run at a time.
 */
export function isSharedByLocations(
  { registrationId }: { readonly registrationId: string },
  location: string,
): boolean {
  return !registrationId.toLowerCase().includes(nameOf(location));
}

/** The form of a location in a registration ID. */
function nameOf(location: string): string {
  return location.toLowerCase().replace(/\s+/g, '');
}

/** Identifies the device that a probe simulates. Two probes may simulate the same one. DPS ignores the case of registration IDs. */
export function deviceOf({
  idScope,
  registrationId,
}: {
  readonly idScope: string;
  readonly registrationId: string;
}): string {
  return `${idScope}/${registrationId.toLowerCase()}`;
}
