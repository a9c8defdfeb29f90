import { credentialProblems } from '../../attestation/credentialProblems.ts';
import type { SecretUnavailable } from '../../keyvault/secretResult.ts';
import { vaultProblems } from '../../keyvault/vaultProblems.ts';
import type { NotRun } from '../outcome.ts';
import type { Advice, Explanation } from './explanation.ts';

const getSecret = 'https://learn.microsoft.com/rest/api/keyvault/secrets/get-secret';
const errorCodes = 'https://learn.microsoft.com/azure/key-vault/general/rest-error-codes';
const thisProgram = 'this program';

const rows: { readonly [cause in NotRun['cause']]: Advice } = {
  notFound: { next: 'Create the secret in Key Vault, or correct the name that is configured', source: getSecret },
  forbidden: {
    next: "Give this app's identity the role Key Vault Secrets User, and check the vault's network rules",
    source: errorCodes,
  },
  disabled: { next: 'Enable the secret in Key Vault, or store a new version', source: errorCodes },
  expired: {
    next: 'Store a new version of the secret in Key Vault, and update the enrollment',
    source: 'https://learn.microsoft.com/azure/key-vault/secrets/about-secrets#secret-attributes',
  },
  notYetValid: {
    next: "Check the secret's activation date",
    source: 'https://learn.microsoft.com/azure/key-vault/secrets/about-secrets#secret-attributes',
  },
  throttled: {
    usually: 'Usually other apps that read the same vault: its limits are shared',
    next: 'Look for other readers of this vault; the probe runs again when it is due',
    source: 'https://learn.microsoft.com/azure/key-vault/general/service-limits',
  },
  unreachable: {
    next: 'Check KEY_VAULT_URL, DNS and the network between this app and the vault',
    source: 'https://learn.microsoft.com/azure/key-vault/general/access-behind-firewall',
  },
  unauthenticated: {
    next: "Check the app's managed identity and AZURE_CLIENT_ID (on a developer's machine: run az login)",
    source: 'https://learn.microsoft.com/azure/app-service/overview-managed-identity',
  },
  invalidCredential: {
    next: "Store the enrollment's primary key, or a certificate with its private key, in Key Vault",
    source: thisProgram,
  },
  timedOut: {
    next: 'Check the network between this app and the vault; raise timeoutSeconds if the vault is always slow',
    source: thisProgram,
  },
  unexpected: {
    next: "Read the error's stack in the app's log, and report it as an issue of DPS Canary",
    source: thisProgram,
  },
  deviceBusy: {
    next: 'Use a different device for each probe, and run this one on demand less often',
    source: thisProgram,
  },
  outOfTime: {
    next: 'Run npm run validate: it shows how long a scheduled run can take. Use fewer probes, shorter timeouts or everyMinutes',
    source: thisProgram,
  },
  cancelled: { next: 'Start it again if it is still wanted', source: thisProgram },
  neverRun: { next: 'Start it again if it is still wanted', source: thisProgram },
};

/** The result of a run whose secret could not be read. */
export function unreadableSecret({ kind: cause, message, detail }: SecretUnavailable): NotRun {
  return { kind: 'notRun', phase: 'keyVault', cause, message, ...(detail && { detail }) };
}

/** In the sentences of a run that could not run for the same reason. */
export function explainUnreadableSecret(secret: SecretUnavailable): Explanation {
  return explainNotRun(unreadableSecret(secret));
}

/** Explains why a probe could not run. The cause is not in DPS. */
export function explainNotRun({ cause, detail, message }: NotRun): Explanation {
  const { source, ...advice } = rows[cause];
  const what = `The probe could not run: ${message}`;
  if (!detail) return { what, ...advice, source };
  const problem: Pick<Advice, 'next'> & Partial<Advice> = { ...credentialProblems, ...vaultProblems }[detail];
  return { what, next: problem.next, source: problem.source ?? source };
}
