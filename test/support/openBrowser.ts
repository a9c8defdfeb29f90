import { type Browser, chromium } from 'playwright-core';
import { findProgram } from './requires.ts';

/** The machine's Chromium, quiet: it calls no other host, and starts with an empty profile that is deleted when it closes. */
export function openBrowser(): Promise<Browser> {
  const executablePath = findProgram('chromium');
  if (executablePath === undefined) throw new Error('Chromium is not installed: set CHROME_PATH, or put it on PATH');
  return chromium.launch({
    executablePath,
    headless: true,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}
