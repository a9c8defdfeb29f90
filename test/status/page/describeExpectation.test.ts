import { expect, it } from 'vitest';
import { describeExpectation } from '../../../src/status/page/describeExpectation.ts';

it.each([
  [{ result: 'assigned' as const }, 'assigned'],
  [{ result: 'refused' as const, errorCode: 401_002 }, 'refused, errorCode 401002'],
  [
    {
      result: 'assigned' as const,
      assignedHub: ['hub-a', 'hub-b'],
      deviceId: 'dev-1',
      substatus: 'initialAssignment',
      withinSeconds: 20,
      certificateDaysLeft: 14,
    },
    'assigned, to hub-a or hub-b, as dev-1, initialAssignment, within 20 s, certificates good for 14 days',
  ],
])('describes %j as %j', (expectation, words) => {
  expect(describeExpectation(expectation)).toBe(words);
});
