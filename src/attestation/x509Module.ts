// @peculiar/x509 wants reflect-metadata in place before it loads.
import 'reflect-metadata';
import * as library from '@peculiar/x509';

/** For `loadX509` alone. The package is CommonJS, whose names a bundle only sees where the import is static. */
export const x509 = library;
