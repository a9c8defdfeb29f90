import 'reflect-metadata'; // @peculiar/x509 needs this polyfill before it is loaded
import { KeyObject } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { type IssuedChain, issuanceErrors, judgeIssuedChain } from '../../src/attestation/issuedCertificate.ts';
import { type Issue, issue, newKeys, type Party, withWrongSignature } from '../support/certificateChains.ts';
import { judgeByOpenssl } from '../support/opensslJudge.ts';
import { requires } from '../support/requires.ts';

const registrationId = 'canary-001';
const hour = 60;

const keys = await newKeys();
const publicKey = KeyObject.from(keys.publicKey);
const root = await issue({ name: 'CN=Contoso Root', ca: true });
const other = await issue({ name: 'CN=Other Root', ca: true });
const intermediate = await issue({ name: 'CN=Contoso Issuing CA', issuer: root, ca: true });
const leafOf = (over: Partial<Issue> = {}) =>
  issue({ name: `CN=${registrationId}`, issuer: intermediate, keys, ...over });
const leaf = await leafOf();

function judge(sent: unknown): Promise<IssuedChain> {
  return judgeIssuedChain(sent, { publicKey, commonNames: [registrationId], atMs: Date.now() });
}
const causeOf = async (sent: unknown) => {
  const judged = await judge(sent);
  return judged.kind === 'notIssued' ? judged.cause : undefined;
};
const below = (first: Party | string) => [
  typeof first === 'string' ? first : first.base64,
  intermediate.base64,
  root.base64,
];
const der = () => Buffer.from(leaf.base64, 'base64');

/** Chains that the issue asks about, and the cause that is reported; undefined: the certificate is right. */
const chains: readonly (readonly [string, () => unknown, IssuanceCause | undefined])[] = [
  ['leaf, intermediate and root', () => below(leaf), undefined],
  ['a chain without its root', () => [leaf.base64, intermediate.base64], undefined],
  ['a leaf of the root', async () => [(await leafOf({ issuer: root })).base64, root.base64], undefined],
  ['two intermediates', () => deepChain(), undefined],
  [
    'an organisation besides the name',
    async () => below(await leafOf({ name: `CN=${registrationId},O=Contoso` })),
    undefined,
  ],
  [
    'a name of two attributes in one',
    async () => below(await leafOf({ name: [{ CN: [registrationId], OU: ['x'] }] })),
    undefined,
  ],
  ['nothing', () => undefined, 'missing'],
  ['null', () => null, 'missing'],
  ['an empty chain', () => [], 'missing'],
  ['a text instead of a chain', () => leaf.base64, 'malformed'],
  ['an object instead of a chain', () => ({ leaf: leaf.base64 }), 'malformed'],
  ['a number instead of a certificate', () => [7], 'malformed'],
  ['a null in the chain', () => [leaf.base64, null], 'malformed'],
  ['an empty text', () => [''], 'malformed'],
  ['PEM', () => [leaf.certificate.toString('pem')], 'malformed'],
  ['PEM in base64', () => [Buffer.from(leaf.certificate.toString('pem')).toString('base64')], 'malformed'],
  ['base64 in lines', () => [leaf.base64.replace(/.{64}/g, '$&\n')], 'malformed'],
  ['base64 for URLs', () => [`${der().toString('base64url')}-_`], 'malformed'],
  ['one byte too many', () => below(Buffer.concat([der(), Buffer.from([0])]).toString('base64')), 'malformed'],
  ['a certificate that breaks off', () => below(der().subarray(0, -9).toString('base64')), 'malformed'],
  ['a root that breaks off', () => [leaf.base64, intermediate.base64, root.base64.slice(0, 400)], 'malformed'],
  ['a request instead of a certificate', async () => [await someRequest()], 'malformed'],
  ["another's key", async () => below(await leafOf({ keys: await newKeys() })), 'notOurKey'],
  ['no leaf', () => [intermediate.base64, root.base64], 'notOurKey'],
  [
    "another's key that has also expired",
    async () => below(await leafOf({ keys: await newKeys(), until: -hour })),
    'notOurKey',
  ],
  ['another name', async () => below(await leafOf({ name: 'CN=canary-002' })), 'wrongName'],
  ['the name in capitals', async () => below(await leafOf({ name: 'CN=CANARY-001' })), 'wrongName'],
  ['a longer name', async () => below(await leafOf({ name: `CN=${registrationId}.` })), 'wrongName'],
  ['no common name', async () => below(await leafOf({ name: `O=${registrationId}` })), 'wrongName'],
  ['two common names', async () => below(await leafOf({ name: `CN=other,CN=${registrationId}` })), 'wrongName'],
  [
    'the name in a second line',
    async () => below(await leafOf({ name: [{ CN: [`x\nCN=${registrationId}`] }] })),
    'wrongName',
  ],
  ['another name that has also expired', async () => below(await leafOf({ name: 'CN=x', until: -hour })), 'wrongName'],
  ['a leaf that has expired', async () => below(await leafOf({ from: -2 * hour, until: -hour })), 'notInValidity'],
  ['a leaf that expired four minutes ago', async () => below(await leafOf({ until: -4 })), undefined],
  ['a leaf that expired six minutes ago', async () => below(await leafOf({ until: -6 })), 'notInValidity'],
  ['a leaf that is valid in an hour', async () => below(await leafOf({ from: hour })), 'notInValidity'],
  ['a leaf that is valid in four minutes', async () => below(await leafOf({ from: 4 })), undefined],
  ['an intermediate that has expired', () => chainUnder({ until: -hour }), 'notInValidity'],
  ['an expired chain in reverse order', async () => (await chainUnder({ until: -hour })).toReversed(), 'notInValidity'],
  ['root first', () => below(leaf).toReversed(), 'brokenChain'],
  ['the leaf second', () => [intermediate.base64, leaf.base64, root.base64], 'brokenChain'],
  ['the leaf last', () => [intermediate.base64, root.base64, leaf.base64], 'brokenChain'],
  ['a leaf alone', () => [leaf.base64], 'brokenChain'],
  ['no intermediate', () => [leaf.base64, root.base64], 'brokenChain'],
  ['the intermediates in the wrong order', async () => swap(await deepChain()), 'brokenChain'],
  ['the leaf twice', () => [leaf.base64, ...below(leaf)], 'brokenChain'],
  ['another root', () => [leaf.base64, intermediate.base64, other.base64], 'brokenChain'],
  ['one more root', () => [...below(leaf), other.base64], 'brokenChain'],
  ['another intermediate of the same name', () => namesake(), 'brokenChain'],
  ['an intermediate that is not a CA', () => chainUnder({ ca: false }), 'brokenChain'],
  [
    'an intermediate that may not sign',
    () => chainUnder({ usages: x509.KeyUsageFlags.digitalSignature }),
    'brokenChain',
  ],
  ['more intermediates than the root allows', () => deepChain({ pathLength: 0 }), 'brokenChain'],
  ['as many intermediates as the root allows', () => deepChain({ pathLength: 2 }), undefined],
  [
    'a leaf that signs itself',
    async () => [(await issue({ name: `CN=${registrationId}`, keys })).base64],
    'brokenChain',
  ],
  ['a leaf with an invalid signature', () => below(withWrongSignature(leaf.base64)), 'brokenChain'],
  [
    'an intermediate with an invalid signature',
    () => [leaf.base64, withWrongSignature(intermediate.base64), root.base64],
    'brokenChain',
  ],
  [
    'a root with an invalid signature',
    () => [leaf.base64, intermediate.base64, withWrongSignature(root.base64)],
    'brokenChain',
  ],
];

type IssuanceCause = (typeof issuanceErrors)[number];

async function deepChain(ofRoot: Partial<Issue> = {}): Promise<string[]> {
  const top = await issue({ name: 'CN=Top', ca: true, ...ofRoot });
  const first = await issue({ name: 'CN=First', issuer: top, ca: true });
  const second = await issue({ name: 'CN=Second', issuer: first, ca: true });
  return [(await leafOf({ issuer: second })).base64, second.base64, first.base64, top.base64];
}

async function chainUnder(ofIntermediate: Partial<Issue>): Promise<string[]> {
  const issuer = await issue({ name: 'CN=Contoso Issuing CA', issuer: root, ca: true, ...ofIntermediate });
  return [(await leafOf({ issuer })).base64, issuer.base64, root.base64];
}

async function namesake(): Promise<string[]> {
  const namesake = await issue({ name: 'CN=Contoso Issuing CA', issuer: root, ca: true });
  return [leaf.base64, namesake.base64, root.base64];
}

function swap([first = '', second = '', third = '', ...rest]: readonly string[]): string[] {
  return [first, third, second, ...rest];
}

async function someRequest(): Promise<string> {
  const signingAlgorithm = { name: 'ECDSA', hash: 'SHA-384' };
  const request = await x509.Pkcs10CertificateRequestGenerator.create({ name: 'CN=x', keys, signingAlgorithm });
  return Buffer.from(request.rawData).toString('base64');
}

describe('an issued chain', () => {
  it.each(chains)('%s is reported with the first cause that applies', async (_, chain, cause) => {
    expect(await causeOf(await chain())).toBe(cause);
  });

  it('is described with its issuer and root, and without the private key', async () => {
    const judged = await judge(below(leaf));
    expect(judged).toMatchObject({
      kind: 'issued',
      certificate: {
        subject: registrationId,
        issuer: 'Contoso Issuing CA',
        serialNumber: leaf.certificate.serialNumber.toUpperCase(),
        notBefore: leaf.certificate.notBefore.toISOString(),
        notAfter: leaf.certificate.notAfter.toISOString(),
        publicKey: publicKey.export({ type: 'spki', format: 'der' }).toString('base64'),
        chain: [{ subject: registrationId }, { subject: 'Contoso Issuing CA' }, { subject: 'Contoso Root' }],
      },
    });
    const { privateKey } = keys;
    const secret = KeyObject.from(privateKey).export({ format: 'jwk' }).d ?? '';
    expect(secret).not.toBe('');
    expect(JSON.stringify(judged)).not.toContain(secret);
  });

  it('may carry any of several names, as a renewal does', async () => {
    const renewed = await leafOf({ name: 'CN=device-7' });
    const commonNames = [registrationId, 'device-7'];
    expect(await judgeIssuedChain(below(renewed), { publicKey, commonNames, atMs: Date.now() })).toMatchObject({
      kind: 'issued',
      certificate: { subject: 'device-7' },
    });
  });

  it('is bounded: neither a hundred certificates nor a megabyte of one is read', async () => {
    expect(await judge(Array(100).fill(leaf.base64))).toMatchObject({
      cause: 'malformed',
      message: expect.stringMatching(/at most 10/),
    });
    expect(await judge(['A'.repeat(1_000_000)])).toMatchObject({
      cause: 'malformed',
      message: expect.stringMatching(/at most 16 KB/),
    });
  });

  it('shows an unprintable name without its control characters, and shortens a long one', async () => {
    const strange = await leafOf({ name: [{ CN: [`\u001b[31m${'x'.repeat(2000)}`] }] });
    const judged = await judge(below(strange));
    expect(judged).toMatchObject({ kind: 'notIssued', cause: 'wrongName' });
    // biome-ignore lint/suspicious/noControlCharactersInRegex: their absence is the point
    expect(JSON.stringify(judged)).not.toMatch(/\u001b|\\u001b/);
    expect(JSON.stringify(judged).length).toBeLessThan(1000);
  });
});

describe('OpenSSL agrees', requires('openssl'), () => {
  let pem: string;
  beforeAll(() => {
    pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  });

  it.each(chains)('about %s', async (_, chain, cause) => {
    expect(judgeByOpenssl(await chain(), { publicKey: pem, commonName: registrationId })).toBe(cause);
  });
});

describe('the chain reader', () => {
  it('never throws for any input, and never repeats it', async () => {
    const marker = 'CANARYMARKER';
    const anything = fc.oneof(
      fc.jsonValue(),
      fc.array(fc.oneof(fc.base64String(), fc.string(), fc.constant(leaf.base64), fc.constant(marker))),
    );
    await fc.assert(
      fc.asyncProperty(anything, async (sent) => {
        const judged = await judge(sent);
        if (judged.kind === 'issued') throw new Error('no chain of these is right');
        expect(issuanceErrors).toContain(judged.cause);
        expect(judged.message.length).toBeLessThan(300);
        expect(judged.message).not.toContain(marker);
      }),
      { numRuns: 500 },
    );
  });

  it('accepts no certificate in which a bit was changed', async () => {
    const { length } = der();
    await fc.assert(
      fc.asyncProperty(fc.nat(length - 1), fc.integer({ min: 0, max: 7 }), async (at, bit) => {
        const changed = der();
        changed[at] = (changed[at] ?? 0) ^ (1 << bit);
        expect(await causeOf(below(changed.toString('base64')))).not.toBeUndefined();
      }),
      { numRuns: 300 },
    );
  });

  it('accepts a chain in only one order', async () => {
    const right = await deepChain();
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray(right, { minLength: right.length }), async (order) => {
        expect(await causeOf(order)).toBe(order.join() === right.join() ? undefined : 'brokenChain');
      }),
    );
  });
});
