import { createHmac } from 'node:crypto';

export interface SasParts {
  readonly resource: string;
  /** Base64. */
  readonly key: string;
  readonly expiresInSeconds?: number;
  readonly skn?: string | undefined;
  /** How `sr` is spelled; the signature is over the spelling. Default: as `encodeURIComponent` does. */
  readonly spell?: (resource: string) => string;
}

/** A token put together by hand, so that each part of it can be wrong. */
export function sasToken({
  resource,
  key,
  expiresInSeconds = 3600,
  spell = encodeURIComponent,
  ...rest
}: SasParts): string {
  const sr = spell(resource);
  const se = Math.floor(Date.now() / 1000) + expiresInSeconds;
  const signature = createHmac('sha256', Buffer.from(key, 'base64')).update(`${sr}\n${se}`).digest('base64');
  const skn = 'skn' in rest ? rest.skn : 'registration';
  return `SharedAccessSignature sr=${sr}&sig=${encodeURIComponent(signature)}&se=${se}${skn === undefined ? '' : `&skn=${skn}`}`;
}

/** The token of a registration in the scope that the tests use. */
export function registrationToken(registrationId: string, key: string, over: Partial<SasParts> = {}): string {
  return sasToken({ resource: `0neLOCAL/registrations/${registrationId}`, key, ...over });
}
