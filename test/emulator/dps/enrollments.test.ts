import { X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createLocalAuthority, createSelfSigned, type IssuedCertificate } from '../../../src/emulator/certificates.ts';
import { type DpsConfigurationInput, parseDpsConfiguration } from '../../../src/emulator/dps/dpsConfiguration.ts';
import { checkEnrollment, type EnrollmentDecision } from '../../../src/emulator/dps/enrollments.ts';
import { deviceKeyOf } from '../../../src/emulator/sasToken.ts';
import { registrationToken } from '../../support/sasToken.ts';

const now = new Date();
const hour = 3_600_000;
const base64 = (text: string) => Buffer.from(text).toString('base64');
const fleet = await createLocalAuthority('fleet');
const next = await createLocalAuthority('next');
const stranger = await createLocalAuthority('stranger');
const own = await createSelfSigned({ commonName: 'x-one' });
const misnamed = await createSelfSigned({ commonName: 'somebody' });

const symmetric = (primary: string, secondary?: string) =>
  ({
    type: 'symmetricKey',
    symmetricKey: {
      primaryKey: base64(primary),
      ...(secondary === undefined ? {} : { secondaryKey: base64(secondary) }),
    },
  }) as const;
const clientCertificate = ({ cert }: IssuedCertificate) =>
  ({ type: 'x509', x509: { clientCertificates: { primary: { certificate: cert } } } }) as const;

const input: DpsConfigurationInput = {
  individualEnrollments: [
    { registrationId: 'one', deviceId: 'dev-1', attestation: symmetric('primary', 'secondary') },
    { registrationId: 'x-one', attestation: clientCertificate(own) },
    { registrationId: 'x-two', attestation: clientCertificate(misnamed) },
  ],
  enrollmentGroups: [
    { enrollmentGroupId: 'keys', attestation: symmetric('group', 'next group') },
    {
      enrollmentGroupId: 'certificates',
      attestation: {
        type: 'x509',
        x509: {
          signingCertificates: {
            primary: { certificate: fleet.caPem },
            secondary: { certificate: next.intermediate.cert },
          },
        },
      },
    },
  ],
};

function configurationOf(over: Partial<DpsConfigurationInput> = {}) {
  const parsed = parseDpsConfiguration({ ...input, ...over });
  if (!parsed.ok) throw new Error(parsed.errors.join('\n'));
  return parsed.configuration;
}

const configuration = configurationOf();

function withToken(registrationId: string, password: string, idScope = '0neLOCAL'): EnrollmentDecision {
  return checkEnrollment(configuration, { idScope, registrationId, password, certificates: [] }, now);
}

function withCertificate(registrationId: string, { cert }: IssuedCertificate): EnrollmentDecision {
  const certificates = cert
    .split(/(?<=-----END CERTIFICATE-----)\s*/)
    .filter((pem) => pem !== '')
    .map((pem) => new X509Certificate(pem));
  return checkEnrollment(
    configuration,
    { idScope: '0neLOCAL', registrationId, password: undefined, certificates },
    now,
  );
}

const derived = (group: string, id: string) => deviceKeyOf(Buffer.from(group), id).toString('base64');

describe('a device is accepted', () => {
  it.each([
    ['the primary key', 'primary'],
    ['the secondary key', 'secondary'],
  ])("with %s of the device's enrollment", (_, key) => {
    expect(withToken('one', registrationToken('one', base64(key)))).toMatchObject({
      kind: 'accepted',
      deviceId: 'dev-1',
      enrollmentGroupId: undefined,
    });
  });

  it('under its registrationId in any case', () => {
    expect(withToken('ONE', registrationToken('ONE', base64('primary')))).toMatchObject({ kind: 'accepted' });
  });

  it.each(['group', 'next group'])('with a key derived from "%s"', (group) => {
    expect(withToken('any-7', registrationToken('any-7', derived(group, 'any-7')))).toMatchObject({
      kind: 'accepted',
      deviceId: 'any-7',
      enrollmentGroupId: 'keys',
    });
  });

  it('with the certificate that is enrolled for it', () => {
    expect(withCertificate('x-one', own)).toMatchObject({ kind: 'accepted', deviceId: 'x-one' });
  });

  it('with a leaf that leads to the root of a group through its intermediate', async () => {
    expect(withCertificate('leaf-1', await fleet.issueClient({ commonName: 'leaf-1' }))).toMatchObject({
      kind: 'accepted',
      enrollmentGroupId: 'certificates',
    });
  });

  it('with a leaf of the secondary signing certificate, an intermediate itself', async () => {
    expect(withCertificate('leaf-2', await next.issueClient({ commonName: 'leaf-2' }))).toMatchObject({
      kind: 'accepted',
    });
  });
});

describe('a device is refused', () => {
  it.each([
    [
      'a wrong key',
      withToken('one', registrationToken('one', base64('wrong'))),
      401000,
      'the signature was made with another key',
    ],
    [
      'an expired token',
      withToken('one', registrationToken('one', base64('primary'), { expiresInSeconds: -5 })),
      401000,
      'the SAS token has expired',
    ],
    [
      'a token of another device',
      withToken('one', registrationToken('two', base64('primary'))),
      401000,
      'sr is not {idScope}/registrations/{registrationId}',
    ],
    [
      'the group’s own key',
      withToken('any-8', registrationToken('any-8', base64('group'))),
      401000,
      'the signature was made with another key',
    ],
    [
      'a password for a certificate',
      withToken('x-one', registrationToken('x-one', base64('primary'))),
      401002,
      'the certificate does not lead to an enrolled one',
    ],
    [
      'another idScope',
      withToken('one', registrationToken('one', base64('primary')), '0neOTHER'),
      404000,
      'the idScope is not that of this service',
    ],
    [
      'a certificate that names another device',
      withCertificate('x-two', misnamed),
      401002,
      "the certificate's common name is not the registrationId",
    ],
    [
      'another certificate than the enrolled one',
      withCertificate('x-one', misnamed),
      401002,
      'the certificate does not lead to an enrolled one',
    ],
  ])('with %s', (_, decision, errorCode, why) => {
    expect(decision).toMatchObject({ kind: 'refused', errorCode, why });
  });

  it.each([
    ['that has expired', { notAfter: new Date(now.getTime() - hour) }],
    ['that is not valid yet', { notBefore: new Date(now.getTime() + hour) }],
  ])('with a leaf %s', async (_, validity) => {
    const leaf = await fleet.issueClient({ commonName: 'leaf-3', ...validity });
    expect(withCertificate('leaf-3', leaf)).toMatchObject({
      kind: 'refused',
      errorCode: 401002,
      why: expect.stringContaining('expired'),
    });
  });

  it('with a leaf whose intermediate was not sent along', async () => {
    const leaf = await fleet.issueClient({ commonName: 'leaf-4' });
    const alone = { ...leaf, cert: `${leaf.cert.split('-----END CERTIFICATE-----')[0]}-----END CERTIFICATE-----` };
    expect(withCertificate('leaf-4', alone)).toMatchObject({ kind: 'refused', errorCode: 401002 });
  });

  it('with a leaf of an authority that no group knows', async () => {
    expect(withCertificate('leaf-5', await stranger.issueClient({ commonName: 'leaf-5' }))).toMatchObject({
      errorCode: 401002,
    });
  });

  it('with a leaf that another leaf has signed', async () => {
    const leaf = await fleet.issueClient({ commonName: 'leaf-6' });
    const forged = await createSelfSigned({ commonName: 'leaf-7' });
    expect(withCertificate('leaf-7', { ...forged, cert: `${forged.cert}\n${leaf.cert}` })).toMatchObject({
      errorCode: 401002,
    });
  });

  it('without a matching enrollment', () => {
    const empty = configurationOf({ enrollmentGroups: [] });
    const presented = {
      idScope: '0neLOCAL',
      registrationId: 'nobody',
      password: registrationToken('nobody', base64('x')),
      certificates: [],
    };
    expect(checkEnrollment(empty, presented, now)).toMatchObject({ kind: 'refused', status: 404, errorCode: 404201 });
  });
});
