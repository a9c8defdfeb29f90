import manifest from '../../package.json' with { type: 'json' };

/** The version of this build (SemVer). */
export const { version } = manifest;
