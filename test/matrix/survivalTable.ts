import type { Row } from './cells.ts';

const sections = {
  connect: 'Connecting: network, TLS, WebSocket upgrade, CONNECT',
  subscribe: 'SUBSCRIBE',
  register: 'The registration',
  poll: 'The status query',
  hub: 'The assigned hub',
} as const;

/** docs/what-it-survives.md: the result of a run for each fault. The dependencies, which follow, have a test of their own. */
export function renderTable(rows: readonly Row<unknown>[]): string {
  const cells = rows.length * 2;
  return `${[
    '# What it survives',
    '',
    'The result of a probe for each fault of the stand-ins, over MQTT on 8883 and over WebSocket: the kind of the result, the code',
    'and the phase, as in `reasonCode`. Tests check for each fault that the run finishes by its deadline, that the result is exactly this one,',
    'and that no socket, timer or listener remains. "or" means that the network decides which of two packets arrives first.',
    '',
    `${cells} cells. This page is written by \`npm test -- test/matrix --update\`, and compared with the runs by every \`npm test\`.`,
    ...Object.entries(sections).flatMap(([column, title]) => [
      '',
      `## ${title}`,
      '',
      '| fault | 8883 | WebSocket |',
      '|---|---|---|',
      ...rows.filter(({ at }) => at === column).map(renderRow),
    ]),
  ].join('\n')}\n\n`;
}

function renderRow({ fault, expected, probe }: Row<unknown>): string {
  const [mqtt, webSocket] = typeof expected === 'string' ? [expected, expected] : [expected.mqtt, expected['mqtt-ws']];
  const verified = probe?.verifyHub === undefined ? '' : `, \`verifyHub: "${probe.verifyHub}"\``;
  return `| ${describeFault(fault)}${verified} | ${code(mqtt)} | ${code(webSocket)} |`;
}

function describeFault(fault: unknown): string {
  if (typeof fault === 'string') return `\`${fault}\``;
  const { kind, at: _, ...parameters } = fault as { readonly kind: string; readonly at?: string };
  const shown = Object.entries(parameters).map(([name, value]) => `${name} ${short(JSON.stringify(value))}`);
  return [`\`${kind}\``, ...shown].join(', ');
}

function short(text: string): string {
  return text.length > 30 ? `${text.slice(0, 12)}… (${text.length} characters)` : text;
}

function code(expected: string): string {
  return expected
    .split(' or ')
    .map((one) => `\`${one}\``)
    .join(' or ');
}
