import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/**
 * The issues that axe-core finds, as lines of text. The page must be from a context with `bypassCSP`, because its policy allows no scripts.
 * `rules`: runs only these.
 */
export async function findAccessibilityIssues(page: Page, rules?: readonly string[]): Promise<readonly string[]> {
  // For the rules that pass, axe would describe every element.
  const options = { resultTypes: ['violations'], ...(rules && { runOnly: { type: 'rule', values: rules } }) };
  if (!(await page.evaluate('"axe" in window'))) await page.addScriptTag({ content: axeSource });
  return page.evaluate<
    string[]
  >(`axe.run(document, ${JSON.stringify(options)}).then(({ violations }) => violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => id + ': ' + html.slice(0, 200) + ' ' + failureSummary)))`);
}
