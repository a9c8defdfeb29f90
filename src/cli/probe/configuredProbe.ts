import { readFileSync } from 'node:fs';
import { parseConfiguration } from '../../config/configuration.ts';
import { closest, formatErrors } from '../../config/configurationErrors.ts';
import type { Probe } from '../../config/probe.ts';
import type { Settings } from '../../config/settings.ts';
import type { SecretReader } from '../../keyvault/secretReader.ts';
import type { SecretResult } from '../../keyvault/secretResult.ts';
import type { LocalSecret } from '../../local/keyVault/secretStore.ts';
import { readLocalSecrets } from '../../local/localSecrets.ts';
import type { ReadSecret } from '../../probes/credential.ts';
import { fromCaller, localSecretsFile } from '../callerPaths.ts';

export type ConfiguredProbe =
  | { readonly kind: 'found'; readonly probe: Probe; readonly location: string; readonly readSecret: ReadSecret }
  | { readonly kind: 'wrong'; readonly message: string };

/** A probe of `PROBES` or `PROBES_FILE`; its secret comes from `LOCAL_SECRETS_FILE`, else from the vault at `KEY_VAULT_URL`. */
export async function findConfiguredProbe(name: string): Promise<ConfiguredProbe> {
  const configuration = parseConfiguration(process.env, (path) => readFileSync(fromCaller(path)));
  const local = await readLocalSecrets(localSecretsFile());
  const errors = [configuration, local].flatMap((part) => (part.kind === 'invalid' ? part.errors : []));
  if (configuration.kind === 'invalid' || local.kind === 'invalid')
    return { kind: 'wrong', message: formatErrors(errors) };

  const { probes, settings } = configuration;
  const probe = probes.find((one) => one.name === name);
  if (probe === undefined) return { kind: 'wrong', message: noSuchProbe(name, probes) };
  return { kind: 'found', probe, location: settings.location, readSecret: secretReader(local.secrets, settings) };
}

function noSuchProbe(name: string, probes: readonly Probe[]): string {
  if (probes.length === 0) {
    return 'No probe is configured: set PROBES or PROBES_FILE, or describe the device with --id-scope and --registration-id.';
  }
  const names = probes.map((probe) => probe.name);
  const meant = closest(name, names);
  return meant === undefined
    ? `No probe is named ${name}. Configured: ${names.slice(0, 20).join(', ')}${names.length > 20 ? ', …' : ''}.`
    : `No probe is named ${name}. Did you mean ${meant}?`;
}

/** From `LOCAL_SECRETS_FILE`, else from the vault at `KEY_VAULT_URL`. */
export function secretReader(local: Readonly<Record<string, LocalSecret>>, settings: Settings): ReadSecret {
  // Key Vault ignores the case of names.
  const byName = new Map(Object.entries(local).map(([name, secret]) => [name.toLowerCase(), secret]));
  let vault: SecretReader | undefined;
  return async (name, signal) => {
    const secret = byName.get(name.toLowerCase());
    if (secret !== undefined) return asTheVaultWould(name, secret);
    if (settings.keyVaultUrl === undefined) {
      const message = `there is no secret "${name}": add it to LOCAL_SECRETS_FILE, or set KEY_VAULT_URL`;
      return { kind: 'notFound', secret: name, message };
    }
    vault ??= await openVault(settings.keyVaultUrl, settings);
    return vault.read(name, signal);
  };
}

async function openVault(vaultUrl: string, { identity: { kind, clientId } }: Settings): Promise<SecretReader> {
  const { createSecretReader } = await import('../../keyvault/secretReader.ts');
  return createSecretReader({ vaultUrl, identity: { managedIdentity: kind === 'managed', clientId } });
}

function asTheVaultWould(
  name: string,
  { value, contentType, enabled = true, expiresOn, notBefore }: LocalSecret,
): SecretResult {
  const unavailable = (kind: 'disabled' | 'expired' | 'notYetValid', what: string): SecretResult => ({
    kind,
    secret: name,
    message: `secret "${name}" of LOCAL_SECRETS_FILE ${what}`,
  });
  if (!enabled) return unavailable('disabled', 'is disabled');
  if (expiresOn !== undefined && Date.parse(expiresOn) <= Date.now())
    return unavailable('expired', `expired on ${expiresOn}`);
  if (notBefore !== undefined && Date.parse(notBefore) > Date.now()) {
    return unavailable('notYetValid', `is not valid before ${notBefore}`);
  }
  return {
    kind: 'found',
    value,
    ...(contentType !== undefined && { contentType }),
    ...(expiresOn !== undefined && { expiresOn }),
  };
}
