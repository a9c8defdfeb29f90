/** How a device identifies itself in CONNECT, and what its api-version allows. */

/** REST reference: at most 128 characters, alphanumeric plus `-` `.` `_` `:`, none of these four at either end. */
export const registrationIdPattern = /^(?=.{1,128}$)[A-Za-z0-9](?:[A-Za-z0-9\-._:]*[A-Za-z0-9])?$/;

export interface DeviceIdentity {
  readonly idScope: string;
  readonly registrationId: string;
  readonly apiVersion: string;
}

/** `{idScope}/registrations/{registrationId}/api-version={version}`, and the SDKs' `&ClientVersion={user agent}`. */
export function parseUsername(username: string): DeviceIdentity | undefined {
  const match = /^([^/]+)\/registrations\/([^/]+)\/api-version=([^&/]+)(?:&[A-Za-z]+=[^&/]*)*$/.exec(username);
  const [, idScope, registrationId, apiVersion] = match ?? [];
  if (idScope === undefined || registrationId === undefined || apiVersion === undefined) return undefined;
  return { idScope, registrationId, apiVersion };
}

/** Versions of the device API in Microsoft's documents and SDKs. */
const knownApiVersions: ReadonlySet<string> = new Set([
  '2017-08-31-preview',
  '2017-11-15',
  '2018-04-01',
  '2018-09-01-preview',
  '2018-11-01',
  '2019-01-15-preview',
  '2019-03-31',
  '2021-06-01',
  '2021-10-01',
  '2025-07-01-preview',
  '2026-11-02-preview',
]);

export function isKnownApiVersion(apiVersion: string): boolean {
  return knownApiVersions.has(apiVersion);
}

/** Versions after the document's return the payload of custom allocation. */
export function returnsPayload(apiVersion: string): boolean {
  return apiVersion > '2019-03-31';
}

/** Certificate management began with this preview. Versions are dates, so newer ones sort after it. */
export function takesCertificateRequests(apiVersion: string): boolean {
  return apiVersion >= '2025-07-01';
}

export function reportsConnectionProfile(apiVersion: string): boolean {
  return apiVersion >= '2026-11-02';
}
