import { writeFile } from 'node:fs/promises';
import type { Outcome } from '../../outcomes/outcome.ts';
import type { SimulationView } from '../../simulations/simulationView.ts';

/** Writes the result into a file: the progress resource as JSON, or JUnit's XML for a pipeline. */
export async function writeResult(
  { file, format }: { readonly file: string; readonly format: 'json' | 'junit' },
  view: SimulationView,
  outcomes: () => AsyncIterable<Outcome>,
): Promise<void> {
  if (format === 'json') return writeFile(file, `${JSON.stringify(view, null, 2)}\n`);
  const cases: string[] = [];
  for await (const outcome of outcomes()) cases.push(testCase(outcome));
  await writeFile(file, junit(view, cases));
}

/** The JUnit format for Jenkins, Azure Pipelines and GitHub actions: https://github.com/testmoapp/junitxml. */
function junit({ probe, createdAt, devices, verdicts, cancelled }: SimulationView, cases: readonly string[]): string {
  const counts = `tests="${devices}" failures="${verdicts.failing}" errors="${verdicts.unknown}" skipped="${cancelled}"`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites ${counts}>`,
    `<testsuite name="simulation of ${escaped(probe)}" timestamp="${escaped(createdAt)}" ${counts}>`,
    ...cases,
    '</testsuite>',
    '</testsuites>',
    '',
  ].join('\n');
}

function testCase({ registrationId, probe, durationMs, verdict, reasons, result }: Outcome): string {
  const attributes = `name="${escaped(registrationId)}" classname="${escaped(probe)}" time="${(durationMs / 1000).toFixed(3)}"`;
  const inside = (element: string) =>
    `<testcase ${attributes}><${element} message="${escaped(reasons[0] ?? '')}">${escaped(reasons.join('\n'))}</${element}></testcase>`;
  switch (verdict) {
    case 'healthy':
      return `<testcase ${attributes}/>`;
    case 'degraded':
      return `<testcase ${attributes}><system-out>${escaped(reasons.join('\n'))}</system-out></testcase>`;
    case 'failing':
      return inside('failure');
    case 'unknown':
      return inside(
        result.kind === 'notRun' && (result.cause === 'cancelled' || result.cause === 'expired') ? 'skipped' : 'error',
      );
  }
}

const entities: Readonly<Record<string, string>> = { '<': '&lt;', '>': '&gt;', '&': '&amp;', '"': '&quot;' };

/** XML 1.0 does not allow most control characters, not even as references. */
function escaped(text: string): string {
  return (
    text
      .toWellFormed()
      // biome-ignore lint/suspicious/noControlCharactersInRegex: it removes them
      .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '\ufffd')
      .replace(/[<>&"]/g, (character) => entities[character] ?? '')
  );
}

/** Azure CLI commands that delete the devices of a simulation. DPS keeps a registration, and the hub a device, until they are deleted. */
export function deleteCommands({ request, devices, hubs, idScope }: SimulationView): string {
  const names = Object.keys(hubs).flatMap((host) => /^([a-z0-9-]+)\.azure-devices\./i.exec(host)?.[1] ?? []);
  return [
    `dps=$(az iot dps list --query "[?properties.idScope=='${idScope}'].id" --output tsv)`,
    `for n in $(seq 1 ${devices}); do`,
    `  id=$(printf '%s%06d' '${request.registrationIdPrefix}' "$n")`,
    '  az iot dps enrollment-group registration delete --dps-name "$(echo "$dps" | cut -d/ -f9)" --resource-group "$(echo "$dps" | cut -d/ -f5)" --registration-id "$id"',
    ...names.map((name) => `  az iot hub device-identity delete --hub-name '${name}' --device-id "$id"`),
    'done',
  ].join('\n');
}
