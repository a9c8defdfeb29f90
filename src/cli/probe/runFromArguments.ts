import { explainIssue, findingsOf, pathBelow } from '../../config/configurationErrors.ts';
import { endpointSchema } from '../../config/formats.ts';
import { type Probe, probeSchema } from '../../config/probe.ts';
import { judgeRun } from '../../outcomes/judgeRun.ts';
import type { Outcome } from '../../outcomes/outcome.ts';
import type { ReadSecret } from '../../probes/credential.ts';
import { runProbe } from '../../probes/runProbe.ts';
import { formatOutcome } from '../outcomeLine.ts';
import { findConfiguredProbe } from './configuredProbe.ts';
import { type DeviceArguments, type NameArguments, optionOfField } from './probeArguments.ts';
import { readCredentialSource } from './readCredentialSource.ts';
import { createTimeline, describeProbe } from './timeline.ts';

export type Ran =
  | { readonly kind: 'ran'; readonly isUp: boolean }
  /** The probe did not run. */
  | { readonly kind: 'wrong'; readonly message: string };

interface Runnable {
  readonly kind: 'found';
  readonly probe: Probe;
  readonly location: string;
  readonly readSecret: ReadSecret;
}

const noLease = 'This run holds no lease: it can cut off a deployed run of the same device.';

/** Runs the probe that the arguments describe and shows it. `isUp`: healthy or degraded. */
export async function runFromArguments(args: DeviceArguments | NameArguments): Promise<Ran> {
  const badHub = args.hubs.find((hub) => !endpointSchema.safeParse(hub).success);
  if (badHub !== undefined) return { kind: 'wrong', message: '--hub: expected host[:port], without scheme and path' };
  const found = args.kind === 'name' ? await configured(args) : await described(args);
  if (found.kind === 'wrong') return found;
  const { probe, location, readSecret } = found;

  const { json } = args;
  const colour = process.stdout.isTTY === true && !process.env.NO_COLOR;
  const write = (text: string) => void process.stdout.write(text);
  console.error(noLease);
  if (!json) write(`${describeProbe(probe)}\n\n`);
  const timeline = json ? undefined : createTimeline({ write, live: colour, colour });
  const facts = await runProbe(probe, {
    readSecret,
    // The operator's list: from the configured probe and from this command line.
    configuredHubs: [...(probe.expect.assignedHub ?? []), ...args.hubs],
    signal: untilInterrupted(),
    observer: timeline,
    reportUnexpected: (stack) => console.error(stack),
  });
  const outcome = judgeRun(probe, facts, { trigger: 'command', location });
  timeline?.finish(outcome);
  write(json ? `${JSON.stringify(outcome)}\n` : `${describeOutcome(outcome, colour)}\n`);
  return { kind: 'ran', isUp: outcome.verdict === 'healthy' || outcome.verdict === 'degraded' };
}

async function configured({
  name,
  timeoutSeconds,
}: NameArguments): Promise<Runnable | Extract<Ran, { kind: 'wrong' }>> {
  const found = await findConfiguredProbe(name);
  if (found.kind === 'wrong' || timeoutSeconds === undefined) return found;
  const probe = { ...found.probe, timeoutSeconds };
  // Checked again, because withinSeconds must be below the new timeout.
  const parsed = probeSchema.safeParse(probe, { error: explainIssue });
  return parsed.success ? { ...found, probe } : { kind: 'wrong', message: errorsByOption(parsed.error.issues) };
}

async function described(args: DeviceArguments): Promise<Runnable | Extract<Ran, { kind: 'wrong' }>> {
  const parsed = probeSchema.safeParse(args.probe, { error: explainIssue });
  if (!parsed.success) return { kind: 'wrong', message: errorsByOption(parsed.error.issues) };
  const source = await readCredentialSource(args.source);
  if (source.kind === 'wrong') return source;
  const { value, subject } = source;
  const { attestation } = parsed.data;
  // The name for messages, because there is no vault.
  const named =
    attestation.type === 'x509' ? { ...attestation, certificate: subject } : { ...attestation, secret: subject };
  return {
    kind: 'found',
    probe: { ...parsed.data, attestation: named },
    location: process.env.PROBE_LOCATION?.trim() || 'local',
    readSecret: async () => ({ kind: 'found', value }),
  };
}

function errorsByOption(issues: Parameters<typeof findingsOf>[0]): string {
  return findingsOf(issues)
    .map(({ path, message }) => {
      const field = pathBelow('', path);
      return `${optionOfField[field] ?? field}: ${message}`;
    })
    .join('\n');
}

/** The first Ctrl-C cancels the run, which still shows its outcome; the second quits at once. */
function untilInterrupted(): AbortSignal {
  const interrupted = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupted.abort());
  return interrupted.signal;
}

/** The verdict, the reasons with their next steps, and the notes. */
function describeOutcome(outcome: Outcome, colour: boolean): string {
  const notes = (outcome.notes ?? []).map((note) => `  · ${note}`);
  const next = outcome.verdict === 'healthy' ? ['  Next: nothing to do.'] : [];
  return ['', formatOutcome(outcome, colour), ...notes, ...next].join('\n');
}
