// @peculiar/x509 needs reflect-metadata to be loaded first.
import 'reflect-metadata';
import * as library from '@peculiar/x509';

/** Only for `loadX509`. The package is CommonJS, and a bundler finds its exports only through a static import. */
export const x509 = library;
