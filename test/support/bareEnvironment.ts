/** Only the environment variables that every process needs, so that the settings of a developer do not affect a test. */
export function bareEnvironment(): { readonly PATH: string; readonly NODE_COMPILE_CACHE: string } {
  const { PATH = '', NODE_COMPILE_CACHE = '' } = process.env;
  return { PATH, NODE_COMPILE_CACHE };
}
