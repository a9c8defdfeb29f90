/** A shell in which nothing is set but what every process needs: nothing of what the person who runs the tests has set reaches a test. */
export function bareEnvironment(): { readonly PATH: string; readonly NODE_COMPILE_CACHE: string } {
  const { PATH = '', NODE_COMPILE_CACHE = '' } = process.env;
  return { PATH, NODE_COMPILE_CACHE };
}
