import { createColors } from 'picocolors';
import type { HostLogEntry } from '../local/functionsHost/hostLog.ts';
import { issuedCertificateOf, renewalOf } from '../outcomes/operationalCertificate.ts';
import type { Outcome, ProbeResult, Verdict } from '../outcomes/outcome.ts';
import { type Phase, phases } from '../transport/phase.ts';

const barCells = 24;

const marks: { readonly [verdict in Verdict]: string } = { healthy: '✔', degraded: '▲', failing: '✖', unknown: '?' };

/** One letter for each phase, so that the bar is readable without colour. */
const letters: { readonly [phase in Phase]: string } = {
  keyVault: 'k',
  dns: 'd',
  tcp: 't',
  tls: 's',
  webSocket: 'w',
  mqttConnect: 'm',
  subscribe: 'u',
  register: 'r',
  assign: 'a',
  hub: 'h',
};

export const legend = phases.map((phase) => `${letters[phase]} ${phase}`).join('  ');

/** Formats an outcome as one line for a terminal, with a bar of its phases. Reasons follow on separate lines. */
export function formatOutcome(outcome: Outcome, colour: boolean): string {
  const { verdict, probe, durationMs, reasons } = outcome;
  const paint = painterOf(verdict, colour);
  const colours = createColors(colour);
  const line = [
    paint(`${marks[verdict]} ${verdict.padEnd(8)}`),
    colours.bold(probe.padEnd(23)),
    `${(durationMs / 1000).toFixed(2).padStart(6)} s`,
    colours.cyan(phaseBar(outcome)),
    describeResult(outcome.result),
  ].join('  ');
  return [line, ...reasons.map((reason) => paint(`  └ ${reason}`))].join('\n');
}

/** Draws each phase's share of the run, as letters. */
export function phaseBar({ phases: times }: Pick<Outcome, 'phases'>): string {
  const total = phases.reduce((sum, phase) => sum + (times[phase] ?? 0), 0);
  if (total === 0) return ' '.repeat(barCells);
  let end = 0;
  let cells = '';
  for (const phase of phases) {
    end += times[phase] ?? 0;
    cells += letters[phase].repeat(Math.max(0, Math.round((end / total) * barCells) - cells.length));
  }
  return cells;
}

function describeResult(result: ProbeResult): string {
  switch (result.kind) {
    case 'assigned':
      return `assigned to ${result.assignedHub} as ${result.deviceId}${describeCertificate(result)}`;
    case 'certificateNotIssued':
      return `assigned to ${result.assignedHub}, certificate not issued: ${result.cause}`;
    case 'rejected':
      return `${[401, 404].includes(result.status) ? 'refused' : 'rejected'} in phase ${result.phase} with ${result.errorCode ?? result.status}`;
    case 'hubRefused':
      return `assigned to ${result.assignedHub}, hub refused: ${result.cause.kind}`;
    case 'notRun':
      return `not run: ${result.cause}`;
    default:
      return `${result.kind} in phase ${result.phase}`;
  }
}

function describeCertificate(result: ProbeResult): string {
  const certificate = renewalOf(result)?.certificate ?? issuedCertificateOf(result);
  if (!certificate) return '';
  const how = renewalOf(result) ? 'renewed' : 'issued';
  return `, certificate ${how} until ${certificate.notAfter.slice(0, 10)}`;
}

function painterOf(verdict: Verdict, colour: boolean): (text: string) => string {
  const { green, yellow, red, magenta } = createColors(colour);
  return { healthy: green, degraded: yellow, failing: red, unknown: magenta }[verdict];
}

/** Parses a log line that is an outcome; otherwise undefined. */
export function outcomeOfLog({ message }: HostLogEntry): Outcome | undefined {
  if (!message.startsWith('{')) return undefined;
  try {
    const line: Partial<Outcome> = JSON.parse(message);
    return line.runId && line.verdict && line.probe ? (line as Outcome) : undefined;
  } catch {
    return undefined;
  }
}
