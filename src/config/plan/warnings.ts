import { microsoftCloud } from '../formats.ts';
import { renewEveryMinutes, renewTimeoutSeconds } from '../operationalCertificate.ts';
import type { Probe } from '../probe.ts';
import { deviceOf, isSharedByLocations } from '../registrationId.ts';
import type { Settings } from '../settings.ts';
import type { ScopeLoad } from './scopeLoad.ts';

/** The share of the service's limit that probes may use without a warning. */
const unremarkableShare = 0.01;

export interface WarningsInput {
  readonly settings: Settings;
  readonly probes: readonly Probe[];
  readonly scopes: readonly ScopeLoad[];
  readonly gapSeconds: number;
  /** True when `LOCAL_SECRETS_FILE` supplies the secrets of a vault on this machine. */
  readonly hasLocalSecrets: boolean;
}

/** Warnings about a configuration that is valid but may not be intended. */
export function warningsOf({
  settings,
  probes,
  scopes,
  gapSeconds,
  hasLocalSecrets,
}: WarningsInput): readonly string[] {
  return [
    ...warningsOfSettings(settings, probes, hasLocalSecrets),
    ...warningsOfScopes(scopes, probes),
    ...warningsOfEndpoints(probes),
    ...probes.flatMap((probe) => warningsOfCadence(probe, gapSeconds)),
    ...warningsOfDevices(probes),
    ...warningsOfLocations(settings, probes),
    ...warningsOfRenewals(probes),
  ];
}

function warningsOfSettings(settings: Settings, probes: readonly Probe[], hasLocalSecrets: boolean): readonly string[] {
  return [
    probes.length === 0 && 'No probes: set PROBES or PROBES_FILE; nothing is monitored without them.',
    settings.keyVaultUrl === undefined &&
      !hasLocalSecrets &&
      'KEY_VAULT_URL is not set: no credential can be read, and every probe ends as unknown.',
    settings.keyVaultUrl === undefined &&
      !hasLocalSecrets &&
      settings.webhook !== undefined &&
      'WEBHOOK_URL_SECRET is set, but KEY_VAULT_URL is not: nothing is posted, because the address cannot be read.',
    settings.webhook !== undefined &&
      settings.outcomesStorage === undefined &&
      'WEBHOOK_URL_SECRET is set, but no storage: changes are not posted, because nothing remembers them.',
    settings.outcomesStorage === undefined &&
      'Neither OutcomesStorage nor AzureWebJobsStorage is set: outcomes are not stored, and the status page is empty.',
    settings.applicationInsights === undefined &&
      'APPLICATIONINSIGHTS_CONNECTION_STRING is not set: no availability results, and no alerts on them.',
  ].filter((warning) => warning !== false);
}

function warningsOfScopes(scopes: readonly ScopeLoad[], probes: readonly Probe[]): readonly string[] {
  const heavy = scopes
    .filter(({ shareOfLimit }) => shareOfLimit > unremarkableShare)
    .map(
      ({ idScope, registrationsInBusiestMinute }) =>
        `${idScope}: ${registrationsInBusiestMinute} registrations in one minute are more than 1 % of what the service accepts from all devices together. Give some probes an everyMinutes.`,
    );
  const refusing = new Set(probes.filter(({ expect }) => expect.result === 'refused').map(({ idScope }) => idScope));
  const neverRefusing = scopes
    .filter(({ idScope }) => !refusing.has(idScope))
    .map(
      ({ idScope }) =>
        `${idScope}: no probe expects to be refused, so a service that accepts every device would go unnoticed.`,
    );
  return [...heavy, ...neverRefusing];
}

/** The first characters of an ID scope show its cloud: `0ne` public, `0cn` China. */
function warningsOfEndpoints(probes: readonly Probe[]): readonly string[] {
  return probes.flatMap(({ name, idScope, globalDeviceEndpoint }) => {
    const isChina = /^0cn/i.test(idScope);
    const isPublic = /^0ne/i.test(idScope);
    const cloud = microsoftCloud(globalDeviceEndpoint);
    const suffix = isChina && cloud === 'net' ? 'cn' : isPublic && cloud === 'cn' ? 'net' : undefined;
    if (suffix === undefined) return [];
    const where = isChina ? 'Azure in China' : 'public Azure';
    return [
      `${name}: the ID scope ${idScope} is one of ${where}. Use globalDeviceEndpoint global.azure-devices-provisioning.${suffix}.`,
    ];
  });
}

function warningsOfCadence({ name, everyMinutes }: Probe, gapSeconds: number): readonly string[] {
  if (everyMinutes === undefined) return [];
  const gap = gapSeconds / 60;
  if (everyMinutes < gap) {
    return [
      `${name}: runs less often than every ${everyMinutes} minutes, because PROBE_SCHEDULE runs every ${gap} at most.`,
    ];
  }
  return everyMinutes > gap && gap >= 1 && everyMinutes % gap !== 0
    ? [
        `${name}: runs at uneven intervals, because everyMinutes ${everyMinutes} is not a multiple of PROBE_SCHEDULE's ${gap}.`,
      ]
    : [];
}

function warningsOfDevices(probes: readonly Probe[]): readonly string[] {
  const ofDevice = Map.groupBy(probes, deviceOf);
  return [...ofDevice].flatMap(([device, sameDevice]) => {
    if (sameDevice.length < 2) return [];
    const [requesting = [], others = []] = [true, false].map((requests) =>
      sameDevice.filter(({ requestCertificate }) => requestCertificate === requests).map(({ name }) => name),
    );
    if (requesting.length > 0 && others.length > 0) {
      return [
        `${device}: ${requesting.join(', ')} requests a certificate and ${others.join(', ')} does not. A hub may accept a device only with its issued certificate afterwards: use different devices.`,
      ];
    }
    const names = sameDevice.map(({ name }) => name).join(', ');
    return [
      `${device}: ${names} use the same device and run one after the other. Give each its own registrationId, so that none waits for another.`,
    ];
  });
}

/** One warning, because usually it is true of all probes or of none. */
function warningsOfLocations({ location, locations }: Settings, probes: readonly Probe[]): readonly string[] {
  const shared = probes.filter((probe) => isSharedByLocations(probe, location));
  if (locations.length < 2 || shared.length === 0) return [];
  const names = shared.slice(0, maxNames).map(({ name }) => name);
  const more = shared.length - names.length;
  const seconds = locations.length * Math.max(...shared.map(({ timeoutSeconds }) => timeoutSeconds));
  return [
    `${names.join(', ')}${more > 0 ? ` and ${more} more` : ''}: ${locations.length} locations share the device, and their runs wait for each other, up to ${seconds} s in an outage. Use a group enrollment with {location} in the registrationId, or stagger the locations' PROBE_SCHEDULE.`,
  ];
}

const maxNames = 5;

/** Issuing an operational certificate is slow, and each run issues two. */
function warningsOfRenewals(probes: readonly Probe[]): readonly string[] {
  return probes
    .filter(({ verifyHub }) => verifyHub === 'renew')
    .flatMap(({ name, timeoutSeconds, everyMinutes = 0 }) =>
      [
        timeoutSeconds < renewTimeoutSeconds &&
          `${name}: timeoutSeconds ${timeoutSeconds} is short for a renewal, which can take minutes. Use ${renewTimeoutSeconds} or more.`,
        everyMinutes < renewEveryMinutes &&
          `${name}: each run issues two certificates, every ${everyMinutes} minutes. Use an everyMinutes of ${renewEveryMinutes} or more.`,
      ].filter((warning) => warning !== false),
    );
}
