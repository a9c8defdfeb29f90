import type * as X509 from '@peculiar/x509';

/** Loads the X.509 library. Probes with a symmetric key do not need it. */
export async function loadX509(): Promise<typeof X509> {
  const { x509 } = await import('./x509Module.ts');
  return x509;
}
