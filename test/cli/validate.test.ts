import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkOnline, type OnlineCheck } from '../../src/cli/validate/checkOnline.ts';
import { describePlan } from '../../src/cli/validate/describePlan.ts';
import { parseConfiguration } from '../../src/config/configuration.ts';
import { formatErrors } from '../../src/config/configurationErrors.ts';
import { planErrors, planOf } from '../../src/config/plan/plan.ts';
import { probesSchema } from '../../src/config/probes.ts';
import { createLocalAuthority } from '../../src/emulator/certificates.ts';
import { type RunningDps, startDps } from '../../src/emulator/dps/startDps.ts';
import { vaultProblems } from '../../src/keyvault/vaultProblems.ts';
import { bareEnvironment } from '../support/bareEnvironment.ts';
import { makeDeviceChain } from '../support/deviceCertificates.ts';
import { plantedSecrets } from '../support/plantedSecrets.ts';
import { probeJson } from '../support/probeJson.ts';

const command = fileURLToPath(new URL('../../src/cli/validate.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'validate-'));
afterAll(() => rmSync(folder, { recursive: true }));

function validate(args: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [command, ...args], {
    encoding: 'utf8',
    cwd: folder,
    env: { ...bareEnvironment(), ...environment },
  });
  return { status, stdout, stderr };
}

/** Its name, in the folder that `validate` is called from. */
function fileWith(name: string, probes: unknown): string {
  const path = join(folder, name);
  writeFileSync(path, typeof probes === 'string' ? probes : JSON.stringify(probes, undefined, 1));
  return name;
}

const twelveErrors = [
  probeJson({ name: 'Upper' }),
  probeJson({ name: 'a', idscope: '0ne' }),
  probeJson({ name: 'b', idScope: 7 }),
  probeJson({ name: 'c', registrationId: '-c' }),
  probeJson({ name: 'd', attestation: { type: 'tpm' } }),
  probeJson({
    name: 'e',
    attestation: { type: 'symmetricKey', secret: 'c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2U=' },
  }),
  probeJson({ name: 'f', globalDeviceEndpoint: 'https://dps.example' }),
  probeJson({ name: 'g', transport: 'amqp' }),
  probeJson({ name: 'h', timeoutSeconds: 600 }),
  probeJson({ name: 'i', expect: { result: 'refused', deviceId: 'd' } }),
  probeJson({ name: 'j', everyMinutes: 1.5 }),
  probeJson({ name: 'a' }),
];

describe('npm run validate', () => {
  it('prints a line for each of twelve errors, and exits 2', () => {
    const { status, stdout, stderr } = validate([fileWith('errors.json', twelveErrors)]);

    const lines = stdout.trimEnd().split('\n');
    expect(lines.map((line) => line.slice(0, line.indexOf(':')))).toEqual(
      [
        '[0].name',
        '[1].idscope',
        '[2].idScope',
        '[3].registrationId',
        '[4].attestation.type',
        '[5].attestation.secret',
        '[6].globalDeviceEndpoint',
        '[7].transport',
        '[8].timeoutSeconds',
        '[9].expect.deviceId',
        '[10].everyMinutes',
        '[11].name',
      ].map((path) => `errors.json${path}`),
    );
    expect(lines[1]).toBe('errors.json[1].idscope: unknown field, did you mean idScope? (line 19, probe a)');
    expect(lines[11]).toMatch(
      /^errors\.json\[11\]\.name: duplicate name: errors\.json\[1\] already uses it \(line \d+, probe a\)$/,
    );
    expect({ status, stderr }).toEqual({ status: 2, stderr: '' });
    expect(stdout).not.toContain('c2Vj');
  });

  it('prints the errors as one JSON object with --json', () => {
    const { status, stdout } = validate([fileWith('errors.json', twelveErrors), '--json']);

    const { valid, errors } = JSON.parse(stdout) as { valid: boolean; errors: readonly object[] };
    expect({ status, valid }).toEqual({ status: 2, valid: false });
    expect(errors).toHaveLength(12);
    expect(errors[7]).toEqual({
      path: 'errors.json[7].transport',
      message: 'expected mqtt or mqtt-ws, got something else',
      probe: 'g',
      file: 'errors.json',
      line: 74,
      column: 3,
    });
  });

  it('prints the plan of a configuration without errors, and exits 0', () => {
    const { status, stdout } = validate([fileWith('good.json', [probeJson()])], { PROBE_LOCATION: 'weu' });

    expect(status).toBe(0);
    expect(stdout).toMatch(/^1 probe, probed from weu, scheduled at 0 \*\/5 \* \* \* \* \(UTC\)$/m);
    expect(stdout).toMatch(/│ weu-key .* symmetricKey individual .* every scheduled run .* 8,766 │ +1\.08 │/);
    expect(stdout).toContain('at most 1 registration in one minute, 0.1% of the 1,000');
    expect(stdout).toContain('! KEY_VAULT_URL is not set');
    expect(stdout).toContain('Longest scheduled run: 60 s when the service does not respond, of at most 298 s');
    expect(stdout).toMatch(
      /^About USD 6\.\d\d a month in one location, at list prices: DPS registrations 1\.08, always-ready/m,
    );
  });

  it('prints the plan as one JSON object with --json', () => {
    const { status, stdout } = validate(['--json'], { PROBES: JSON.stringify([probeJson()]) });

    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      valid: true,
      plan: { probes: [{ name: 'weu-key', runsPerMonth: 8766 }] },
    });
  });

  it('reads a file, in the folder it was called from, in place of PROBES', () => {
    fileWith('good.json', [probeJson({ name: 'from-file' })]);
    const { status, stdout } = validate(['good.json'], { PROBES: 'no JSON', INIT_CWD: folder });

    expect(status).toBe(0);
    expect(stdout).toContain('from-file');
  });

  it('names the option that a misspelt one means, and exits 2', () => {
    const { status, stdout, stderr } = validate(['--jsn']);

    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toBe(
      'Unknown option --jsn (did you mean --json?).\nRun npm run validate -- --help to see all options.\n',
    );
  });

  it('names a file that is not there', () => {
    const { status, stdout } = validate(['nowhere.json']);

    expect(status).toBe(2);
    expect(stdout).toBe('nowhere.json: expected the path of a file that can be read (ENOENT)\n');
  });

  it('reads several files, each with its plan or its errors, and exits 2 when one has errors', () => {
    const [good, bad] = [
      fileWith('good.json', [probeJson()]),
      fileWith('bad.json', [probeJson({ transport: 'mqtts' })]),
    ];
    const { status, stdout } = validate([good, bad, '--json']);

    expect(status).toBe(2);
    expect(
      stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toMatchObject([
      { file: 'good.json', valid: true, plan: { probes: [{ name: 'weu-key' }] } },
      { file: 'bad.json', valid: false, errors: [{ path: 'bad.json[0].transport', line: 10, probe: 'weu-key' }] },
    ]);
  });

  it("reads comments and trailing commas, and uses the setting's name in errors of a file that the environment names", () => {
    const text = `// the canaries of Europe\n[ { "name": "A", "idScope": "0ne1", "registrationId": "r",
      "attestation": { "type": "x509", "certificate": "c" }, }, ]`;
    const { stdout } = validate([], { PROBES_FILE: fileWith('commented.json', text) });

    expect(stdout).toBe(
      'PROBES_FILE[0].name: expected 1 to 63 lower-case letters, digits and dashes, starting with a letter or digit (commented.json line 2)\n',
    );
  });

  it('reports the probes that a scheduled run cannot complete, with their position', () => {
    const file = fileWith('late.json', [
      probeJson({ name: 'first', timeoutSeconds: 40 }),
      probeJson({ name: 'second', registrationId: 'CANARY-001', timeoutSeconds: 40 }),
      probeJson({ name: 'third', registrationId: 'c', timeoutSeconds: 61 }),
    ]);
    const { status, stdout } = validate([file], { PROBE_SCHEDULE: '0 * * * * *' });

    expect(status).toBe(2);
    expect(stdout.trimEnd().split('\n')).toEqual([
      'late.json[1].timeoutSeconds: too long together with first: they use the same device and run one after the other, up to 80 s, but a scheduled run ends after 58 s. Use other devices or shorter timeouts (line 20, probe second)',
      'late.json[2].timeoutSeconds: expected at most 60: PROBE_SCHEDULE starts the next runs then. Got 61 (line 30, probe third)',
    ]);
  });

  it('knows LOCAL_SECRETS_FILE, and reports its errors', () => {
    const probes = fileWith('good.json', [probeJson()]);
    const good = validate([probes], {
      LOCAL_SECRETS_FILE: join(folder, fileWith('secrets.json', { 'canary-001-key': 'a2V5' })),
    });
    expect({ status: good.status, vault: good.stdout.includes('KEY_VAULT_URL') }).toEqual({ status: 0, vault: false });

    const bad = validate([probes], { LOCAL_SECRETS_FILE: join(folder, fileWith('no-secrets.json', { key: 7 })) });
    expect(bad.status).toBe(2);
    expect(bad.stdout).toMatch(/^LOCAL_SECRETS_FILE\.key: expected a value/);
  });
});

describe('npm run validate -- --online', () => {
  let dps: RunningDps;
  let caFile: string;
  beforeAll(async () => {
    const authority = await createLocalAuthority();
    const configuration = { idScope: '0neLOCAL' };
    dps = await startDps({ certificate: await authority.issueServer(), configuration });
    caFile = join(folder, 'ca.pem');
    writeFileSync(caFile, authority.caPem);
  });
  afterAll(() => dps?.close());

  /** Not `spawnSync`: the stand-in is in this process. */
  async function look(probes: readonly object[], secrets: object, environment: Readonly<Record<string, string>> = {}) {
    const LOCAL_SECRETS_FILE = join(folder, fileWith('online-secrets.json', secrets));
    const env = { ...bareEnvironment(), NODE_EXTRA_CA_CERTS: caFile, LOCAL_SECRETS_FILE, ...environment };
    const file = fileWith('online.json', probes);
    const child = spawn(process.execPath, [command, file, '--online', '--json'], { cwd: folder, env });
    const [stdout, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')]);
    const { online } = JSON.parse(stdout) as { readonly online: readonly OnlineCheck[] };
    return { code, stdout, levels: Object.fromEntries(online.map(({ subject, level }) => [subject, level])), online };
  }
  const local = (changes: object) =>
    probeJson({ idScope: '0neLOCAL', globalDeviceEndpoint: `localhost:${dps.mqttsPort}`, ...changes });
  const key = plantedSecrets.symmetricKey;

  it('finds everything right, without a registration', async () => {
    const { code, levels, stdout } = await look([local({})], { 'canary-001-key': key });
    expect(levels).toEqual({
      'secret canary-001-key': 'ok',
      [`endpoint localhost:${dps.mqttsPort}`]: 'ok',
      storage: 'warning',
    });
    expect(code).toBe(0);
    expect(stdout).not.toContain(key);
    expect(dps.requests.all).toEqual([]);
  });

  it('finds a secret that is missing, one of the wrong form, a key that TLS does not accept and one that expires, with the probes that read them', async () => {
    const soon = new Date(Date.now() + 3 * 86_400_000).toISOString();
    const probes = [
      local({}),
      local({ name: 'wrong-form', registrationId: 'b', attestation: { type: 'x509', certificate: 'a-key' } }),
      local({ name: 'short-key', registrationId: 'd', attestation: { type: 'x509', certificate: 'short-key' } }),
      local({ name: 'soon', registrationId: 'c', attestation: { type: 'symmetricKey', secret: 'ending' } }),
    ];
    const { key: shortKey, leaf, intermediate, root } = await makeDeviceChain('shortRsa', 'd');
    const { code, levels, online } = await look(probes, {
      'a-key': key,
      ending: { value: key, expiresOn: soon },
      'short-key': shortKey + leaf + intermediate + root,
    });
    expect(online.find(({ subject }) => subject === 'secret short-key')).toMatchObject({
      level: 'error',
      message: expect.stringMatching(/cannot be used: .*key too small. Next: Use a key that TLS and DPS accept/),
      probes: ['short-key'],
    });
    expect(levels).toMatchObject({
      'secret canary-001-key': 'error',
      'secret a-key': 'error',
      'secret ending': 'warning',
    });
    expect(online.find(({ subject }) => subject === 'secret a-key')).toMatchObject({
      message: expect.stringMatching(/is a base64 key .* Next: /),
      probes: ['wrong-form'],
    });
    expect(code).toBe(1);
  });

  it.each([
    ['https://chat.example/T0KEN', 'ok', 'its secrets can be read'],
    ['http://chat.example/T0KEN', 'error', 'secret chat-address does not hold an https URL. Next: Store'],
    [undefined, 'error', 'there is no secret "chat-address"'],
  ])('checks the URL of the webhook, %s, without showing it', async (address, level, message) => {
    const secrets = { 'canary-001-key': key, ...(address !== undefined && { 'chat-address': address }) };
    const { stdout, online } = await look([local({})], secrets, { WEBHOOK_URL_SECRET: 'chat-address' });
    expect(online.at(-1)).toMatchObject({ subject: 'webhook', level, message: expect.stringContaining(message) });
    expect(stdout).not.toContain('T0KEN');
  });

  it('gives the next step for the reason why the vault refuses, not only for the refusal', async () => {
    const PROBES = JSON.stringify([local({ globalDeviceEndpoint: 'localhost:1' })]);
    const environment = { PROBES, WEBHOOK_URL_SECRET: 'chat-address', KEY_VAULT_URL: 'https://a.vault.azure.net' };
    const configuration = parseConfiguration(environment, () => '');
    if (configuration.kind === 'invalid') throw new Error(formatErrors(configuration.errors));
    const online = await checkOnline(configuration.settings, configuration.probes, async (secret) => {
      return { kind: 'forbidden', secret, detail: 'firewall', message: 'Key Vault refused' };
    });
    const refused = online.filter(({ message }) => message.startsWith('Key Vault refused'));
    expect(refused.map(({ subject }) => subject)).toEqual(['secret canary-001-key', 'webhook']);
    for (const { message } of refused) expect(message).toContain(vaultProblems.firewall.next);
  });

  it('finds an endpoint that is not trusted, and storage that cannot be reached', async () => {
    const environment = {
      NODE_EXTRA_CA_CERTS: '',
      AzureWebJobsStorage:
        'DefaultEndpointsProtocol=http;AccountName=account;AccountKey=a2V5;TableEndpoint=http://127.0.0.1:9/account;QueueEndpoint=http://127.0.0.1:9/account',
    };
    const { code, levels, online } = await look([local({})], { 'canary-001-key': key }, environment);
    expect(levels).toMatchObject({ [`endpoint localhost:${dps.mqttsPort}`]: 'error', storage: 'error' });
    expect(online.find(({ subject }) => subject.startsWith('endpoint'))?.message).toMatch(/certificate.* Next: /);
    expect(code).toBe(1);
  });
});

it('reads 10,000 probes in at most 20 times what JSON.parse and the schema take for them', () => {
  const text = JSON.stringify(
    Array.from({ length: 10_000 }, (_, index) =>
      probeJson({
        name: `p${index}`,
        registrationId: `r-${index}`,
        idScope: `0ne${index % 50}`,
        everyMinutes: (index % 1440) + 1,
      }),
    ),
    undefined,
    1,
  );
  /** CPU and not the clock: other processes share the machine. */
  const cpuOf = <T>(run: () => T): readonly [T, number] => {
    const before = process.cpuUsage();
    const result = run();
    const { user, system } = process.cpuUsage(before);
    return [result, user + system];
  };
  const ratio = () => {
    const [, base] = cpuOf(() => probesSchema.parse(JSON.parse(text)));
    const [plan, whole] = cpuOf(() => {
      const parsed = parseConfiguration({ PROBES: text }, () => '');
      if (parsed.kind === 'invalid') throw new Error(formatErrors(parsed.errors.slice(0, 5)));
      planErrors(parsed.settings, parsed.probes);
      return describePlan(planOf(parsed.settings, parsed.probes));
    });
    expect(plan).toContain('10000 probes');
    return whole / base;
  };
  // Compiling and collecting garbage fall on one of the two: the best of three counts.
  const ratios = [ratio()];
  while (ratios.length < 3 && Math.min(...ratios) >= 20) ratios.push(ratio());
  expect(Math.min(...ratios)).toBeLessThan(20);
});
