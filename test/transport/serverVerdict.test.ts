/**
 * Node's `authorized` decides whether a server is accepted; these tests compare it with the OpenSSL program's verdict on the same chain and
 * name.
 */
import 'reflect-metadata';
import { spawnSync } from 'node:child_process';
import { webcrypto } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer } from 'node:tls';
import * as x509 from '@peculiar/x509';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDeadline } from '../../src/transport/deadline.ts';
import { dial } from '../../src/transport/dial.ts';
import { createRecorder } from '../../src/transport/recorder.ts';
import { tlsContext } from '../../src/transport/tlsContext.ts';
import { requires } from '../support/requires.ts';
import { trust } from '../support/trust.ts';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const dayMs = 86_400_000;

interface Party {
  readonly name: string;
  readonly keys: webcrypto.CryptoKeyPair;
  readonly pem: string;
}

interface Wanted {
  readonly name: string;
  readonly issuer?: Party;
  readonly ca?: boolean;
  readonly pathLength?: number;
  readonly names?: readonly x509.JsonGeneralName[];
  readonly usage?: x509.ExtendedKeyUsage;
  readonly days?: readonly [from: number, until: number];
}

async function issue({ name, issuer, ca = false, pathLength, names, usage, days = [-1, 30] }: Wanted): Promise<Party> {
  const keys = (await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair;
  const certificate = await x509.X509CertificateGenerator.create({
    subject: `CN=${name}`,
    issuer: `CN=${issuer?.name ?? name}`,
    publicKey: keys.publicKey,
    signingKey: (issuer?.keys ?? keys).privateKey,
    signingAlgorithm: algorithm,
    notBefore: new Date(Date.now() + days[0] * dayMs),
    notAfter: new Date(Date.now() + days[1] * dayMs),
    extensions: [
      new x509.BasicConstraintsExtension(ca, pathLength, true),
      ...(names ? [new x509.SubjectAlternativeNameExtension([...names])] : []),
      ...(usage ? [new x509.ExtendedKeyUsageExtension([usage])] : []),
    ],
  });
  return { name, keys, pem: certificate.toString('pem') };
}

const dns = (value: string) => ({ type: 'dns', value }) as const;
const ip = (value: string) => ({ type: 'ip', value }) as const;
const root = await issue({ name: 'Verdict root', ca: true });
const intermediate = await issue({ name: 'Verdict intermediate', issuer: root, ca: true });
const impostor = await issue({ name: 'Verdict intermediate', ca: true });
const stranger = await issue({ name: 'Stranger root', ca: true });
const notCa = await issue({ name: 'Not a CA', issuer: root, ca: false });
const short = await issue({ name: 'Short root', issuer: root, ca: true, pathLength: 0 });
const tooDeep = await issue({ name: 'Too deep', issuer: short, ca: true });
const oldIntermediate = await issue({ name: 'Old intermediate', issuer: root, ca: true, days: [-9, -1] });
trust(root.pem);

const issuers: readonly (readonly [name: string, issuer: Party | undefined, sent: readonly Party[]])[] = [
  ['the trusted root', root, []],
  ['an intermediate', intermediate, [intermediate]],
  ['an intermediate, with the root sent', intermediate, [intermediate, root]],
  ['an intermediate that is not sent', intermediate, []],
  ['an intermediate, with another of its name sent', intermediate, [impostor]],
  ['an intermediate that has expired', oldIntermediate, [oldIntermediate]],
  ['a stranger', stranger, [stranger]],
  ['one that is not a CA', notCa, [notCa]],
  ['one below the allowed depth', tooDeep, [tooDeep, short]],
  ['itself', undefined, []],
];
const leaves: readonly (readonly [name: string, leaf: Wanted])[] = [
  ['the name', { name: 'localhost', names: [dns('localhost')] }],
  ['another name', { name: 'localhost', names: [dns('elsewhere.example')] }],
  ['the name, and expired', { name: 'localhost', names: [dns('localhost')], days: [-9, -1] }],
  [
    'the name, for clients alone',
    { name: 'localhost', names: [dns('localhost')], usage: x509.ExtendedKeyUsage.clientAuth },
  ],
];
const more: readonly (readonly [name: string, leaf: Wanted])[] = [
  ['the name in capitals', { name: 'x', names: [dns('LOCALHOST')] }],
  ['the name among others', { name: 'x', names: [dns('a.example'), dns('localhost'), ip('127.0.0.1')] }],
  ['the common name alone', { name: 'localhost' }],
  ['another common name alone', { name: 'elsewhere.example' }],
  ['an address alone', { name: 'localhost', names: [ip('127.0.0.1')] }],
  ['the name, for servers', { name: 'x', names: [dns('localhost')], usage: x509.ExtendedKeyUsage.serverAuth }],
  ['the name, and not yet valid', { name: 'x', names: [dns('localhost')], days: [1, 9] }],
];
const chains = [
  ...leaves.flatMap(([leafName, leaf]) =>
    issuers.map(
      ([issuerName, issuer, sent]) =>
        [`${leafName}, issued by ${issuerName}`, { ...leaf, ...(issuer && { issuer }) }, sent] as const,
    ),
  ),
  ...more.map(
    ([leafName, leaf]) =>
      [`${leafName}, issued by an intermediate`, { ...leaf, issuer: intermediate }, [intermediate]] as const,
  ),
];

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'verdict-'));
  writeFileSync(join(folder, 'root.pem'), root.pem);
});
afterAll(() => rmSync(folder, { recursive: true }));

function opensslAccepts(leaf: Party, sent: readonly Party[]): boolean {
  const [leafFile, sentFile] = [join(folder, 'leaf.pem'), join(folder, 'sent.pem')];
  writeFileSync(leafFile, leaf.pem);
  writeFileSync(sentFile, sent.map(({ pem }) => pem).join('\n'));
  const trusted = ['-no-CApath', '-no-CAstore', '-CAfile', join(folder, 'root.pem')];
  const untrusted = sent.length > 0 ? ['-untrusted', sentFile] : [];
  const checks = ['-purpose', 'sslserver', '-verify_hostname', 'localhost'];
  return spawnSync('openssl', ['verify', ...trusted, ...untrusted, ...checks, leafFile]).status === 0;
}

async function isAuthorized(leaf: Party, sent: readonly Party[], lightIdentityCheck: boolean): Promise<boolean> {
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', leaf.keys.privateKey)).toString('base64');
  const key = `-----BEGIN PRIVATE KEY-----\n${pkcs8}\n-----END PRIVATE KEY-----\n`;
  const cert = [leaf, ...sent].map(({ pem }) => pem).join('\n');
  const server = createServer({ key, cert }, (socket) => socket.on('error', () => {})).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const deadline = createDeadline(10_000);
  const endpoint = { host: 'localhost', port: (server.address() as AddressInfo).port };
  const recorder = createRecorder('dns');
  const dialled = await dial(endpoint, tlsContext(), { recorder, deadline, lightIdentityCheck });
  if (dialled.kind === 'dialled') dialled.socket.destroy();
  deadline.end();
  server.close();
  if (dialled.kind === 'notDialled') expect(dialled.failure).toMatchObject({ kind: 'tlsFailed', refusedBy: 'client' });
  return dialled.kind === 'dialled';
}

describe.each([
  ['as Node checks it', false],
  ['by the light check of simulations', true],
] as const)('a server is accepted exactly if OpenSSL accepts it, %s', requires('openssl'), (_check, light) => {
  it.each(chains)('with a certificate for %s', async (_name, wanted, sent) => {
    const leaf = await issue(wanted);
    expect(await isAuthorized(leaf, sent, light)).toBe(opensslAccepts(leaf, sent));
  });

  it('in at least forty chains, some of them right', async () => {
    expect(chains.length).toBeGreaterThanOrEqual(40);
    const leaf = await issue({ name: 'x', names: [dns('localhost')], issuer: intermediate });
    expect(await isAuthorized(leaf, [intermediate], light)).toBe(true);
    expect(await isAuthorized(leaf, [], light)).toBe(false);
  });
});
