import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { operationStatusTopic, parseResponseTopic, registerTopic, responseFilter } from '../../src/dps/topics.ts';

describe('the topics of the document', () => {
  it('are spelled as the document spells them', () => {
    expect(responseFilter).toBe('$dps/registrations/res/#');
    expect(registerTopic('1')).toBe('$dps/registrations/PUT/iotdps-register/?$rid=1');
    expect(operationStatusTopic('2', '4.d0a671905ea5b2c8.42d78160')).toBe(
      '$dps/registrations/GET/iotdps-get-operationstatus/?$rid=2&operationId=4.d0a671905ea5b2c8.42d78160',
    );
  });

  it('prevents an operationId from adding parameters', () => {
    expect(operationStatusTopic('2', 'x&$rid=9')).toContain('operationId=x%26%24rid%3D9');
  });
});

describe('parseResponseTopic', () => {
  it.each([
    ['$dps/registrations/res/202/?$rid=7&retry-after=3', { status: 202, rid: '7', retryAfter: '3' }],
    ['$dps/registrations/res/202/?retry-after=120&$rid=1', { status: 202, rid: '1', retryAfter: '120' }],
    ['$dps/registrations/res/200/?$rid=1', { status: 200, rid: '1', retryAfter: undefined }],
    ['$dps/registrations/res/401/?$rid=', { status: 401, rid: '', retryAfter: undefined }],
    ['$dps/registrations/res/429/?x=y', { status: 429, rid: undefined, retryAfter: undefined }],
  ])('reads %s', (topic, parsed) => {
    expect(parseResponseTopic(topic)).toEqual(parsed);
  });

  it.each([
    '$dps/registrations/res/20/?$rid=1',
    '$dps/registrations/res/abc/?$rid=1',
    '$dps/registrations/res/200',
    '$dps/registrations/PUT/iotdps-register/?$rid=1',
    '$iothub/twin/res/200/?$rid=1',
    '',
  ])('does not accept %j as a response', (topic) => {
    expect(parseResponseTopic(topic)).toBeUndefined();
  });

  it('survives any text', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        parseResponseTopic(text);
        parseResponseTopic(`$dps/registrations/res/200/?${text}`);
      }),
    );
  });
});
