import { createHash } from 'node:crypto';

/**
 * Secrets of every kind, the same in each process, and good for nothing. Tests use them wherever a secret is needed, and `npm test` looks
 * for them in everything that the run has written.
 */
export const plantedSecrets = {
  symmetricKey: bytes('symmetricKey', 32).toString('base64'),
  groupKey: bytes('groupKey', 64).toString('base64'),
  sasSignature: bytes('sasSignature', 32).toString('base64'),
  sasToken: `SharedAccessSignature sr=0neLOCAL&sig=${encodeURIComponent(bytes('sasToken', 32).toString('base64'))}&se=1`,
  certificateKey: privateKeyPem(bytes('certificateKey', 32)),
  passphrase: `Pass ${bytes('passphrase', 18).toString('base64')} phrase!`,
  storageKey: bytes('storageKey', 64).toString('base64'),
  connectionString: `DefaultEndpointsProtocol=https;AccountName=planted;AccountKey=${bytes('connectionString', 64).toString('base64')}`,
  functionKey: bytes('functionKey', 40).toString('base64url'),
  masterKey: bytes('masterKey', 40).toString('base64url'),
  webhookAddress: `https://hooks.example/services/${bytes('webhookAddress', 24).toString('base64url')}`,
  clientSecret: `abc8Q~${bytes('clientSecret', 26).toString('base64url')}`,
  queryCode: bytes('queryCode', 40).toString('base64url'),
} as const;

export type SecretKind = keyof typeof plantedSecrets;

export interface FoundSecret {
  readonly kind: SecretKind;
  readonly encoding: string;
}

/** This many characters identify a secret, and each line of a PEM has as many. */
const telltaleCharacters = 24;

/** Which of them are in a text, plain or in an encoding that a program might have used. */
export function findPlantedSecrets(text: string): readonly FoundSecret[] {
  return needles.filter(({ needle }) => text.includes(needle)).map(({ kind, encoding }) => ({ kind, encoding }));
}

interface Needle extends FoundSecret {
  readonly needle: string;
}

const needles: readonly Needle[] = Object.entries(plantedSecrets).flatMap(([kind, secret]) =>
  needlesOf(kind as SecretKind, telltaleOf(secret)),
);

/** The end of the longest word, because all private keys of a kind begin with the same characters. */
function telltaleOf(secret: string): string {
  const words = secret.split(/[\s;&=/:]+(?=\S)|AccountKey=|sig=/);
  const longest = words.toSorted((one, other) => other.length - one.length)[0] ?? secret;
  const word = longest.includes('%') ? decodeURIComponent(longest) : longest;
  return word.replace(/=+$/, '').slice(-telltaleCharacters);
}

function needlesOf(kind: SecretKind, telltale: string): readonly Needle[] {
  const percentEncoded = encodeURIComponent(telltale);
  const raw = Buffer.from(telltale);
  const forms: Readonly<Record<string, string>> = {
    plain: telltale,
    'percent-encoded': percentEncoded,
    'percent-encoded in lower case': percentEncoded.replaceAll(/%../g, (code) => code.toLowerCase()),
    'percent-encoded twice': encodeURIComponent(percentEncoded),
    hexadecimal: raw.toString('hex'),
    // In the middle of something else, a text begins at one of three places of a base64 quartet.
    ...Object.fromEntries(
      [0, 1, 2].map((before) => [
        `base64, ${before} bytes after the start of a quartet`,
        Buffer.concat([Buffer.alloc(before), raw])
          .toString('base64')
          .slice(before === 0 ? 0 : 4, -4),
      ]),
    ),
    'JSON of bytes': JSON.stringify([...raw]).slice(1, -1),
  };
  const found = new Map(Object.entries(forms).map(([encoding, needle]) => [needle, encoding]));
  return [...found].map(([needle, encoding]) => ({ kind, encoding, needle }));
}

function bytes(what: string, length: number): Buffer {
  return createHash('sha512').update(`planted ${what}`).digest().subarray(0, length);
}

/** Ed25519 in PKCS #8 (RFC 8410 §7): the algorithm's identifier, and the key itself. */
function privateKeyPem(seed: Buffer): string {
  const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]);
  return `-----BEGIN PRIVATE KEY-----\n${der.toString('base64')}\n-----END PRIVATE KEY-----\n`;
}
