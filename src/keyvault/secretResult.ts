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
    /** No token could be had: no identity, or the identity endpoint does not respond. */
    | 'unauthenticated';
  readonly secret: string;
  /** Which of its kind, where that asks for something else to be done. */
  readonly detail?: VaultProblem;
  readonly message: string;
}
