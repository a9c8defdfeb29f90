import { fileURLToPath } from 'node:url';

/** The checkout: where host.json, package.json and src lie, wherever a command is called from. */
export const projectDirectory = fileURLToPath(new URL('..', import.meta.url));
