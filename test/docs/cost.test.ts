import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parseConfiguration } from '../../src/config/configuration.ts';
import { planOf } from '../../src/config/plan/plan.ts';

it("docs/cost.md works out the README's deployment as the plan computes it, row by row", async () => {
  const page = await readFile(join(import.meta.dirname, '../../docs/cost.md'), 'utf8');
  const parsed = parseConfiguration(
    {
      KEY_VAULT_URL: 'https://kv.vault.azure.net',
      APPLICATIONINSIGHTS_CONNECTION_STRING: 'InstrumentationKey=44444444-4444-4444-4444-444444444444',
      OutcomesStorage__tableServiceUri: 'https://account.table.core.windows.net',
      PROBES: JSON.stringify(
        ['key', 'group', 'certificate', 'wrong-key'].map((name) => ({
          name,
          idScope: '0ne00A1B2C3',
          registrationId: `sandbox-${name}`,
          attestation: { type: 'symmetricKey', secret: name },
        })),
      ),
    },
    () => '',
  );
  if (parsed.kind === 'invalid') throw new Error(JSON.stringify(parsed.errors));

  const { costs } = planOf(parsed.settings, parsed.probes);
  const rows = costs.map(({ item, usdPerMonth }) => `| ${item} | ${usdPerMonth.toFixed(2)} |`);
  expect(rows.length).toBeGreaterThan(4);
  for (const row of rows) expect(page).toContain(row);
  const together = costs.reduce((sum, { usdPerMonth }) => sum + usdPerMonth, 0);
  expect(page).toContain(`| **together** | **${together.toFixed(2)}** |`);

  const readme = await readFile(join(import.meta.dirname, '../../README.md'), 'utf8');
  expect(readme).toContain(`about ${Math.round(together)} USD a month`);
});
