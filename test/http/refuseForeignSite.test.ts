import { expect, it } from 'vitest';
import { refuseForeignSite } from '../../src/http/refuseForeignSite.ts';

const url = 'https://app.azurewebsites.net/api/probes/one/runs?code=key';

it.each<[string, Record<string, string>, boolean]>([
  ['a client that is not a browser', {}, false],
  ['its own page', { origin: 'https://app.azurewebsites.net', 'sec-fetch-site': 'same-origin' }, false],
  ['its own page in a browser without Fetch Metadata', { origin: 'https://app.azurewebsites.net' }, false],
  [
    'its own page behind a proxy with another name',
    { origin: 'https://status.example', 'sec-fetch-site': 'same-origin', 'x-forwarded-host': 'status.example' },
    false,
  ],
  ['the address bar', { 'sec-fetch-site': 'none' }, false],
  ['another site', { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }, true],
  ['another site in a browser without Fetch Metadata', { origin: 'https://evil.example' }, true],
  ['another site that hides its origin', { origin: 'null' }, true],
  ['another site that sends no origin', { 'sec-fetch-site': 'cross-site' }, true],
  ['a neighbour under the same domain', { 'sec-fetch-site': 'same-site' }, true],
  ['a host of which the own one is a part', { origin: 'https://app.azurewebsites.net.evil.example' }, true],
])('treats a request from %s', (_, headers, isRefused) => {
  const response = refuseForeignSite({ url, headers: new Headers(headers) } as Parameters<typeof refuseForeignSite>[0]);
  expect(response?.status).toBe(isRefused ? 403 : undefined);
});
