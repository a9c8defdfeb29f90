import type { VaultProblem } from './vaultProblems.ts';

/** Every way in which reading one secret (or a certificate's secret) can end. `secret` is its name, never its value. */
export type SecretResult = SecretFound | SecretUnavailable;

export interface SecretFound {
  readonly kind: 'found';
  readonly value: string;
  readonly contentType?: string;
  readonly version?: string;
  /** ISO 8601. */
  readonly expiresOn?: string;
}

export interface SecretUnavailable {
  readonly kind:
    | 'notFound'
    | 'forbidden'
    | 'disabled'
    | 'expired'
    | 'notYetValid'
    | 'throttled'
    | 'unreachable'
    /** No token: there is no identity, or its endpoint does not respond. */
    | 'unauthenticated';
  readonly secret: string;
  /** The exact problem, if it has its own next step. */
  readonly detail?: VaultProblem;
  readonly message: string;
}
