import { maintain } from '../../src/app/maintain.ts';
import { recordHeartbeat } from '../../src/app/recordHeartbeat.ts';
import type { Services } from '../../src/app/services.ts';
import { probeSchema } from '../../src/config/probe.ts';
import { parseSettings } from '../../src/config/settings.ts';
import { createOutcomeHistory } from '../../src/history/history.ts';
import { createDeviceLeases } from '../../src/probes/deviceLease.ts';
import type { OpenTables } from '../../src/storage/openTables.ts';
import { probeJson } from './probeJson.ts';

export interface MaintenanceAppOptions {
  readonly location: string;
  readonly openTable: OpenTables;
  /** Default now. */
  readonly now?: Date;
  /** Names of the configured probes; default none. */
  readonly probes?: readonly string[];
  /** Default as deployed. */
  readonly ownershipMs?: number | undefined;
}

const secrets = {
  load: async () => undefined,
  read: async () => Promise.reject(new Error('nothing is read here')),
  invalidate: () => undefined,
};

/** The part of the app of one location that its maintenance needs; for its storage it is a separate process. */
export function maintenanceApp(options: MaintenanceAppOptions) {
  const { location, openTable, now = new Date(), probes = [], ownershipMs } = options;
  const parsed = parseSettings({ PROBE_LOCATION: location });
  if (parsed.kind === 'invalid') throw new Error('no setting is required');
  const history = createOutcomeHistory(openTable, location);
  const services: Services = {
    settings: parsed.settings,
    probes: probes.map((name) => probeSchema.parse(probeJson({ name }))),
    identity: { managedIdentity: false },
    secrets,
    freshSecrets: secrets,
    leases: createDeviceLeases(),
    openTable,
    history,
  };
  const lines: string[] = [];
  const errors: string[] = [];
  const log = (line: string) => lines.push(line);
  const context = { invocationId: location, log, info: log, warn: log, error: (line: string) => errors.push(line) };
  const runMaintenance = () => maintain(services, now, context, ownershipMs);
  const heartbeat = { of: 'maintenance', schedule: '0 17 * * * *', now } as const;
  return {
    lines,
    errors,
    history,
    maintain: runMaintenance,
    /** As the timer calls it. */
    runTimer: () => recordHeartbeat(services, heartbeat, context, runMaintenance),
  };
}
