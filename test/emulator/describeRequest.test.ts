import { expect, it } from 'vitest';
import { describeRequest } from '../../src/emulator/describeRequest.ts';

const request = {
  service: 'dps',
  atMs: Date.parse('2026-11-24T08:41:06.584Z'),
  connection: 1,
  transport: 'mqtt',
  clientId: 'demo-device',
  kind: 'subscribe',
  topic: '$dps/registrations/res/#',
  answer: 1,
} as const;

it('describes a request in one line', () => {
  expect(describeRequest(request)).toBe(
    '08:41:06.584  dps  mqtt     demo-device           subscribe    1  $dps/registrations/res/#',
  );
});

it.each(['\u001b[31m', '\u202e', '\ud800', '\n', '\u200b'])('shows no %j of a device on the terminal', (text) => {
  const line = describeRequest({ ...request, clientId: `a${text}b`, topic: `c${text}d`, note: `e${text}f` });
  expect(line).not.toMatch(/\p{C}/u);
  expect(line).toMatch(/ {2}a[?\ufffd]/);
});

it('leaves out what is only routine', () => {
  expect(describeRequest({ ...request, kind: 'pingreq' })).toBeUndefined();
  expect(describeRequest({ ...request, kind: 'close', note: undefined })).toBeUndefined();
  expect(describeRequest({ ...request, kind: 'close', note: 'keep alive' })).toContain('(keep alive)');
});
