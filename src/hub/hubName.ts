/** IoT Hub's own suffixes in the public and the sovereign clouds. */
const azureSuffixes = ['.azure-devices.net', '.azure-devices.us', '.azure-devices.cn'];

/** Since 2026, hubs are linked to DPS as `<hub>.device.azure-devices.net`. */
const deviceLabel = '.device';

/**
 * `assignedHub` comes from the network. A credential is sent only to one of Azure's own names for devices, or to a hub that the operator
 * listed in `expect.assignedHub`. Azure's names have one label before the suffix, or before `.device` and the suffix. Names for services
 * (`.service`) and names with more labels are refused.
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

/** True when both are names of the same hub, in upper or lower case. */
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
