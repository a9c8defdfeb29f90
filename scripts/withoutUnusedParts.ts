import { readFile } from 'node:fs/promises';
import type { Plugin } from 'rolldown';

/**
 * Modules that libraries load and the app never calls, and what replaces each. A test checks that they exist, because a library may move
 * them in a new version.
 */
export const unusedModules: Readonly<Record<string, string>> = {
  // node-forge opens the bags of PKCS#12 files. Nothing there needs these parts.
  ...Object.fromEntries(
    ['aesCipherSuites', 'ed25519', 'kem', 'log', 'pkcs7', 'ssh', 'tls'].map((name) => [
      `node-forge/lib/${name}.js`,
      '',
    ]),
  ),
  // Histograms run in JavaScript, because `useWebAssembly` is not set.
  'hdr-histogram-js/dist/wasm/generated-wasm.js': '',
  // hdr-histogram-js needs pako in browsers. Node has the same functions.
  'pako/index.js':
    'const { deflateSync, inflateSync } = require("node:zlib"); exports.deflate = deflateSync; exports.inflate = inflateSync;',
  // mqtt.js gets an open connection, so it needs no SOCKS proxy. The timers are for browsers.
  'mqtt/build/lib/connect/socks.js': '',
  'worker-timers/build/es5/bundle.js': '',
};

/** Badges contain only Latin letters and punctuation. All characters from here on get the same width. */
const firstUnusedCharacter = 0x2200;

/** Leaves out of the bundle what libraries contain and the app does not use. */
export function withoutUnusedParts(): Plugin {
  return {
    name: 'without unused parts',
    load: {
      filter: { id: /node_modules/ },
      async handler(id) {
        const path = id.replaceAll('\\', '/').replace(/^.*\/node_modules\//, '');
        const code = unusedModules[path];
        if (code !== undefined) return { code, moduleType: 'js' };
        if (!/^anafanafo\/data\/[\w-]+\.json$/.test(path)) return undefined;
        return { code: JSON.stringify(await widthsOfUsedCharacters(id)), moduleType: 'json' };
      },
    },
  };
}

/** Four tables with the widths of characters take 0.9 MB. One of them belongs to the badge style that the app draws. */
async function widthsOfUsedCharacters(table: string): Promise<readonly (readonly number[])[]> {
  const isDrawn = table.endsWith('verdana-11px-normal.json');
  const widths: readonly (readonly number[])[] = JSON.parse(await readFile(table, 'utf8'));
  const used = isDrawn ? widths.filter(([first = 0]) => first < firstUnusedCharacter) : [];
  return [...used, [isDrawn ? firstUnusedCharacter : 0, 0x10_ffff, 7]];
}
