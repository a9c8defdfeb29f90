import Table from 'cli-table3';
import pc from 'picocolors';
import type { Plan } from '../config/plan.ts';

/** The plan for people: a row a probe, what all of them take of the service's limit, and what to look at. */
export function describePlan(plan: Plan): string {
  const { probes, scopes, warnings } = plan;
  const parts = [
    `${count(probes.length, 'probe')}, looking from ${plan.location}, ticking at ${plan.schedule} (UTC)`,
    ...(probes.length > 0 ? [probeTable(plan)] : []),
    ...(scopes.length > 0 ? [scopes.map(describeLoad).join('\n')] : []),
    ...(warnings.length > 0 ? [warnings.map((warning) => `${pc.yellow('!')} ${warning}`).join('\n')] : []),
  ];
  return parts.join('\n\n');
}

function probeTable({ probes, runsPerMonth, costPerMonthUsd }: Plan): string {
  const table = new Table({
    head: ['probe', 'registration ID', 'attestation', 'transport', 'expects', 'runs', 'a month', 'about USD'],
    colAligns: ['left', 'left', 'left', 'left', 'left', 'left', 'right', 'right'],
    style: { head: [], border: [], compact: true },
  });
  for (const probe of probes) {
    const { name, registrationId, attestation, transport, expects, cadence } = probe;
    table.push([
      name,
      registrationId,
      attestation,
      transport,
      expects,
      cadence,
      runs(probe.runsPerMonth),
      usd(probe.costPerMonthUsd),
    ]);
  }
  table.push([pc.bold('together'), '', '', '', '', '', pc.bold(runs(runsPerMonth)), pc.bold(usd(costPerMonthUsd))]);
  return table.toString();
}

function describeLoad({ idScope, registrationsInBusiestMinute, shareOfLimit }: Plan['scopes'][number]): string {
  const share = new Intl.NumberFormat('en', { style: 'percent', maximumFractionDigits: 1 }).format(shareOfLimit);
  const registrations = count(registrationsInBusiestMinute, 'registration');
  return `${idScope}: at most ${registrations} in one minute, ${share} of the 1,000 that the service takes`;
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
