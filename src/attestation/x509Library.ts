import type * as X509 from '@peculiar/x509';

/** Loaded when the first certificate or request is made: probes with a symmetric key need none of it. */
export async function loadX509(): Promise<typeof X509> {
  const { x509 } = await import('./x509Module.ts');
  return x509;
}
