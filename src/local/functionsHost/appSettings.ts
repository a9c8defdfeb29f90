/** The host's own reading of application settings: `%NAME%` in bindings, and switched-off functions. */
import { HostError } from './hostError.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Resolves a binding option that is wholly `%NAME%` from the settings, as the real host does; any other text is itself.
 * Throws a HostError when the setting is missing.
 */
export function resolveSetting(text: string, environment: Environment, functionName: string): string {
  const name = /^%([^%]+)%$/.exec(text.trim())?.[1];
  if (name === undefined) return text;
  const value = environment[name];
  if (value === undefined || value === '') {
    throw new HostError(`The function ${functionName} needs the setting ${name} (its binding says %${name}%): set it.`);
  }
  return value;
}

/** https://learn.microsoft.com/azure/azure-functions/disable-function: `AzureWebJobs.NAME.Disabled`, or with `__` for `.`. */
export function isDisabled(functionName: string, environment: Environment): boolean {
  const value =
    environment[`AzureWebJobs.${functionName}.Disabled`] ?? environment[`AzureWebJobs__${functionName}__Disabled`];
  return value !== undefined && ['true', '1'].includes(value.toLowerCase());
}
