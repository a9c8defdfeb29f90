/** IoT Hub's own suffixes in the public and the sovereign clouds. */
const azureSuffixes = ['.azure-devices.net', '.azure-devices.us', '.azure-devices.cn'];

/** Since 2026 the name that hubs are linked to DPS under: `<hub>.device.azure-devices.net`. */
const deviceLabel = '.device';

/**
 * `assignedHub` comes from the network: a credential goes there only if the name is one of Azure's own for devices, or one that the
 * operator listed as expected (`expect.assignedHub`). One label stands in front of the suffix, as hub names are, or in front of
 * `.device`. Names for services (`.service`) and deeper ones are not hubs to a device.
 */
export function isAllowedHub(assignedHub: string, configuredHubs: readonly string[] = []): boolean {
  const name = assignedHub.toLowerCase();
  if (configuredHubs.some((listed) => listed.toLowerCase() === name)) return true;
  return azureSuffixes.some((suffix) => name.endsWith(suffix) && isHubLabel(name.slice(0, -suffix.length)));
}

function isHubLabel(label: string): boolean {
  const hub = label.endsWith(deviceLabel) ? label.slice(0, -deviceLabel.length) : label;
  return /^[a-z0-9-]+$/.test(hub);
}

/** True for one hub under either of its names, in any case. */
export function isSameHub(one: string, other: string): boolean {
  return classicName(one) === classicName(other);
}

function classicName(hub: string): string {
  const name = hub.toLowerCase();
  const suffix = azureSuffixes.find((known) => name.endsWith(`${deviceLabel}${known}`));
  return suffix === undefined ? name : `${name.slice(0, -(deviceLabel.length + suffix.length))}${suffix}`;
}

export function isDeviceName(hub: string): boolean {
  return classicName(hub) !== hub.toLowerCase();
}
