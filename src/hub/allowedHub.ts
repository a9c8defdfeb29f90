/** IoT Hub's own suffixes in the public and the sovereign clouds. */
const azureSuffixes = ['.azure-devices.net', '.azure-devices.us', '.azure-devices.cn'];

/**
 * `assignedHub` comes from the network: a credential goes there only if the name is one of Azure's own, or one that the operator
 * wrote down as expected (`expect.assignedHub`). One label in front of the suffix, as hub names are.
 */
export function isAllowedHub(assignedHub: string, configuredHubs: readonly string[] = []): boolean {
  const name = assignedHub.toLowerCase();
  if (configuredHubs.some((listed) => listed.toLowerCase() === name)) return true;
  return azureSuffixes.some((suffix) => name.endsWith(suffix) && /^[a-z0-9-]+$/.test(name.slice(0, -suffix.length)));
}
