/** How the host uses application settings: `%NAME%` in bindings, and disabled functions. */
import { HostError } from './hostError.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Resolves a binding option `%NAME%` from the settings, as the real host does; returns any other text unchanged. Throws a HostError when
 * the setting is missing.
 */
export function resolveSetting(text: string, environment: Environment, functionName: string): string {
  const name = /^%([^%]+)%$/.exec(text.trim())?.[1];
  if (name === undefined) return text;
  const value = environment[name];
  if (value === undefined || value === '') {
    throw new HostError(`The function ${functionName} needs the setting ${name} (its binding has %${name}%): set it.`);
  }
  return value;
}

/** https://learn.microsoft.com/azure/azure-functions/disable-function: `AzureWebJobs.NAME.Disabled`, or with `__` for `.`. */
export function isDisabled(functionName: string, environment: Environment): boolean {
  const value =
    environment[`AzureWebJobs.${functionName}.Disabled`] ?? environment[`AzureWebJobs__${functionName}__Disabled`];
  return value !== undefined && ['true', '1'].includes(value.toLowerCase());
}
