/** `npm run emulator`: DPS and IoT Hub on this machine, for devices written in any language. */
import { isIP } from 'node:net';
import { parseArgs } from 'node:util';
import { demoConfiguration, describeDemo } from '../emulator/demoConfiguration.ts';
import { describeRequest } from '../emulator/describeRequest.ts';
import { readConfiguration } from '../emulator/readConfiguration.ts';
import { type EmulatorOptions, type RunningEmulator, startEmulator } from '../emulator/startEmulator.ts';
import { fromCaller } from './callerPaths.ts';
import { exitCodes, explainOptionError, refuseRepeated, wrongUsage } from './usage.ts';

const usage = `npm run emulator -- [--port N] [--ws-port N] [--hub-port N] [--host ADDRESS] [--names A,B] [--config FILE] [--json]

  --port      MQTT over TLS (default 8883)
  --ws-port   MQTT over WebSocket (default 8443)
  --hub-port  IoT Hub, MQTT over TLS and over WebSocket (default 8884); the same as --port or --ws-port: one listener
              serves both, and the assigned hub has no port, as devices with built-in ports need
  --host      address to listen on (default 127.0.0.1; 0.0.0.0 for devices elsewhere on the network)
  --names     further names in the server's certificate, for devices whose hosts file points them here
  --config    enrollments and faults, as in docs/emulator.md (default: a demo device and a demo group)
  --json      one line of JSON for each request
  --help      this text
  Port 0 selects any free port. Exit code: 0 stopped, 2 wrong usage, configuration errors or a port in use.`;

type Arguments = ServeArguments | { readonly help: true };

interface ServeArguments {
  readonly help: false;
  readonly mqttsPort: number;
  readonly wssPort: number;
  readonly hubPort: number;
  readonly host: string;
  readonly names: readonly string[];
  readonly config: string | undefined;
  readonly json: boolean;
}

async function main(): Promise<void> {
  const parsed = readArguments(process.argv.slice(2));
  if (typeof parsed === 'string') return stop([wrongUsage(parsed, 'npm run emulator')]);
  if (parsed.help) return console.log(usage);
  const read = parsed.config === undefined ? undefined : await readConfiguration(fromCaller(parsed.config));
  if (read?.ok === false) return stop(read.errors);

  const emulator = await start({ ...parsed, configuration: read?.configuration ?? demoConfiguration });
  if (emulator === undefined) return;
  if (parsed.json) announceAsJson(emulator);
  else announce(emulator, parsed);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void emulator.close());
}

function announce(emulator: RunningEmulator, { config }: ServeArguments): void {
  const { name } = emulator;
  console.log(`DPS stand-in

  idScope                 ${emulator.idScope}
  MQTT over TLS           ${name}:${emulator.mqttsPort}
  MQTT over WebSocket     wss://${name}:${emulator.wssPort}/$iothub/websocket
  IoT Hub                 ${emulator.defaultHub}
  certificate to trust    ${emulator.caFile}
`);
  console.log(
    config === undefined
      ? describeDemo({ endpoint: `${name}:${emulator.mqttsPort}`, caFile: emulator.caFile })
          .map((line) => (line === '' ? '' : `  ${line}`))
          .join('\n')
      : `  enrollments from        ${config}`,
  );
  console.log('\nRequests (press Ctrl-C to stop)\n');
  emulator.watch((request) => {
    const line = describeRequest(request);
    if (line !== undefined) console.log(`  ${line}`);
  });
}

function announceAsJson(emulator: RunningEmulator): void {
  const { mqttsPort: mqtts, wssPort: wss, hubPort: hub, idScope, caFile } = emulator;
  console.log(JSON.stringify({ event: 'listening', mqtts, wss, hub, idScope, caFile }));
  emulator.watch((request) => console.log(JSON.stringify({ event: 'request', ...request })));
}

async function start(options: EmulatorOptions): Promise<RunningEmulator | undefined> {
  try {
    return await startEmulator(options);
  } catch (error) {
    const sentence = listenSentence(error, options);
    if (sentence === undefined) throw error;
    stop([sentence]);
    return undefined;
  }
}

/** The next step if a port cannot be opened; undefined for any other error. */
function listenSentence(error: unknown, options: EmulatorOptions): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || !('syscall' in error)) return undefined;
  if (error.syscall === 'getaddrinfo')
    return `--host: expected an address of this machine, got ${JSON.stringify(options.host)} (${error.code}).`;
  if (error.syscall !== 'listen') return undefined;
  const port = 'port' in error ? error.port : undefined;
  const option = port === options.mqttsPort ? '--port' : port === options.wssPort ? '--ws-port' : '--hub-port';
  switch (error.code) {
    case 'EADDRINUSE':
      return `Port ${port} is in use. Stop the program that listens there, or choose another port with ${option}.`;
    case 'EACCES':
      return `Port ${port} may not be opened by this user. Choose a port above 1023 with ${option}.`;
    default:
      return `Cannot listen on ${options.host}, port ${port}: ${error.message}. Choose an address of this machine with --host.`;
  }
}

/** An IP address or a name. An empty one would mean all addresses. */
function readHost(text: string): string {
  if (/^[\w.:%-]+$/.test(text)) return text;
  throw new Error(`--host: expected an address of this machine, got ${JSON.stringify(text)}`);
}

const options = {
  port: { type: 'string', default: '8883' },
  'ws-port': { type: 'string', default: '8443' },
  'hub-port': { type: 'string', default: '8884' },
  host: { type: 'string', default: '127.0.0.1' },
  names: { type: 'string', default: '' },
  config: { type: 'string' },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

function readArguments(args: readonly string[]): Arguments | string {
  try {
    refuseRepeated(args, options);
    const { values } = parseArgs({ args: [...args], options });
    if (values.help) return { help: true };
    return {
      help: false,
      mqttsPort: readPort('--port', values.port),
      wssPort: readPort('--ws-port', values['ws-port']),
      hubPort: readPort('--hub-port', values['hub-port']),
      host: readHost(values.host),
      names: readNames(values.names),
      config: values.config,
      json: values.json,
    };
  } catch (error) {
    return explainOptionError(error, Object.keys(options));
  }
}

function readPort(option: string, text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text);
  throw new Error(`${option}: expected a port, 0 to 65535, got "${text}".`);
}

function readNames(text: string): string[] {
  const names = text === '' ? [] : text.split(',').map((name) => name.trim());
  const wrong = names.find((name) => isIP(name) === 0 && !/^(?:\*\.)?[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*$/.test(name));
  if (wrong !== undefined) throw new Error(`--names: expected host names separated by commas, got "${wrong}".`);
  return names;
}

function stop(sentences: readonly string[]): void {
  for (const sentence of sentences) console.error(sentence);
  process.exitCode = exitCodes.usage;
}

await main();
