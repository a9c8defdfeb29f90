import Table from 'cli-table3';
import pc from 'picocolors';
import type { Plan } from '../../config/plan/plan.ts';

/** A table of thousands of rows is slow and not useful; `--json` has them all. */
const maxRows = 200;

/** The plan for people: a row per probe, their share of the service's limit, the longest scheduled run, the cost, and what to look at. */
export function describePlan(plan: Plan): string {
  const { probes, scopes, warnings } = plan;
  const parts = [
    `${count(probes.length, 'probe')}, probed from ${plan.location}, scheduled at ${plan.schedule} (UTC)`,
    ...(probes.length > 0 ? [probeTable(plan)] : []),
    ...(scopes.length > 0 ? [firstOf(scopes.map(describeLoad))] : []),
    ...(probes.length > 0 ? [describeLongestRun(plan), describeCosts(plan)] : []),
    ...(warnings.length > 0 ? [firstOf(warnings.map((warning) => `${pc.yellow('!')} ${warning}`))] : []),
  ];
  return parts.join('\n\n');
}

function probeTable({ probes, runsPerMonth, costPerMonthUsd }: Plan): string {
  const table = new Table({
    head: ['probe', 'registration ID', 'attestation', 'transport', 'expects', 'runs', 'a month', 'about USD'],
    colAligns: ['left', 'left', 'left', 'left', 'left', 'left', 'right', 'right'],
    style: { head: [], border: [], compact: true },
  });
  for (const probe of probes.slice(0, maxRows)) {
    const { name, registrationId, attestation, transport, expects, cadence } = probe;
    const figures = [runs(probe.runsPerMonth), usd(probe.costPerMonthUsd)];
    table.push([name, registrationId, attestation, transport, expects, cadence, ...figures]);
  }
  if (probes.length > maxRows) table.push([`… ${probes.length - maxRows} more`, '', '', '', '', '', '', '']);
  table.push([pc.bold('total'), '', '', '', '', '', pc.bold(runs(runsPerMonth)), pc.bold(usd(costPerMonthUsd))]);
  return table.toString();
}

function describeLoad({ idScope, registrationsInBusiestMinute, shareOfLimit }: Plan['scopes'][number]): string {
  const share = new Intl.NumberFormat('en', { style: 'percent', maximumFractionDigits: 1 }).format(shareOfLimit);
  const registrations = count(registrationsInBusiestMinute, 'registration');
  return `${idScope}: at most ${registrations} in one minute, ${share} of the 1,000 that the service accepts`;
}

function describeLongestRun({ longestRound: { seconds, limitSeconds } }: Plan): string {
  const longest = `Longest scheduled run: ${seconds.toFixed(0)} s when the service does not respond`;
  return seconds > limitSeconds
    ? `${longest}, more than its limit of ${limitSeconds} s, so some probes end as unknown`
    : `${longest}, of at most ${limitSeconds} s`;
}

function describeCosts({ costs }: Plan): string {
  const total = costs.reduce((sum, { usdPerMonth }) => sum + usdPerMonth, 0);
  const items = costs.map(({ item, usdPerMonth }) => `${item} ${usd(usdPerMonth)}`).join(', ');
  return `About USD ${usd(total)} a month in one location, at list prices: ${items}`;
}

function firstOf(lines: readonly string[]): string {
  const shown = lines.slice(0, maxRows);
  return [...shown, ...(lines.length > maxRows ? [`… ${lines.length - maxRows} more`] : [])].join('\n');
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

function runs(perMonth: number): string {
  return new Intl.NumberFormat('en', { maximumFractionDigits: perMonth < 10 ? 1 : 0 }).format(perMonth);
}

function usd(amount: number): string {
  return amount.toFixed(2);
}
