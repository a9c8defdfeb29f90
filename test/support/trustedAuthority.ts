import { createLocalAuthority } from '../../src/emulator/certificates.ts';
import { trust } from './trust.ts';

/**
 * Issues the certificates of stand-ins, for all test files of this process: a process creates its TLS context once, with the roots that it
 * trusts at that time.
 */
export const authority = await createLocalAuthority();
trust(authority.caPem);
