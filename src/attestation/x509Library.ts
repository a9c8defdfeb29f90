import type * as X509 from '@peculiar/x509';

/** Loaded when the first certificate or request is made: probes with a symmetric key need none of it. */
export async function loadX509(): Promise<typeof X509> {
  // @peculiar/x509 wants reflect-metadata in place before it loads.
  await import('reflect-metadata');
  return import('@peculiar/x509');
}
