/** `node scripts/screenshots.ts [STATE…]`: draws the status page in every state into test/output/status, wide and narrow, light and dark. */
import { mkdir } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { openBrowser } from '../test/support/openBrowser.ts';
import { renderSample, samplePaths } from '../test/support/samplePages.ts';
import { servePages } from '../test/support/servePages.ts';

const folder = 'test/output/status';
const widths = [1280, 390];
const schemes = ['light', 'dark'] as const;

async function screenshots(states: readonly string[]): Promise<number> {
  await mkdir(folder, { recursive: true });
  const server = await servePages(renderSample);
  const browser = await openBrowser();
  try {
    for (const width of widths) {
      for (const colorScheme of schemes) {
        const page = await browser.newPage({ viewport: { width, height: width > 800 ? 900 : 844 }, colorScheme });
        for (const state of states) {
          await page.goto(`${server.origin}${samplePaths[state]}`);
          await page.screenshot({ path: `${folder}/${state}, ${width}, ${colorScheme}.png`, fullPage: true });
        }
        await page.close();
      }
    }
  } finally {
    await browser.close();
    await server.close();
  }
  return states.length * widths.length * schemes.length;
}

if (import.meta.main) {
  const { positionals } = parseArgs({ allowPositionals: true });
  const unknown = positionals.filter((state) => samplePaths[state] === undefined);
  if (unknown.length > 0) {
    console.error(`unknown state ${unknown.join(', ')}: expected ${Object.keys(samplePaths).join(', ')}`);
    process.exitCode = 2;
  } else {
    const count = await screenshots(positionals.length > 0 ? positionals : Object.keys(samplePaths));
    console.log(`${count} screenshots in ${folder}`);
  }
}
