/** `npm run emulator`: DPS and IoT Hub on this machine, for devices written in any language. */
import { parseArgs } from 'node:util';
import { demoConfiguration, describeDemo } from '../emulator/demoConfiguration.ts';
import { describeRequest } from '../emulator/describeRequest.ts';
import { readConfiguration } from '../emulator/readConfiguration.ts';
import { type EmulatorOptions, type RunningEmulator, startEmulator } from '../emulator/startEmulator.ts';

const usage = `npm run emulator -- [--port N] [--ws-port N] [--hub-port N] [--host ADDRESS] [--config FILE] [--json]

  --port      MQTT over TLS (default 8883)
  --ws-port   MQTT over WebSocket (default 8443)
  --hub-port  IoT Hub, MQTT over TLS and over WebSocket (default 8884)
  --host      address to listen on (default 127.0.0.1; 0.0.0.0 for devices elsewhere on the network)
  --config    enrollments and faults (default: a demo device and a demo group)
  --json      one line of JSON for each request
  A port of 0 takes any free one.`;

/** A usage or configuration error, as the contract has it. */
const usageError = 2;

interface Arguments {
  readonly mqttsPort: number;
  readonly wssPort: number;
  readonly hubPort: number;
  readonly host: string;
  readonly config: string | undefined;
  readonly json: boolean;
}

async function main(): Promise<void> {
  const parsed = readArguments(process.argv.slice(2));
  if (typeof parsed === 'string') return stop([parsed, usage]);
  const read = parsed.config === undefined ? undefined : await readConfiguration(parsed.config);
  if (read?.ok === false) return stop(read.faults);

  const emulator = await start({ ...parsed, configuration: read?.configuration ?? demoConfiguration });
  if (emulator === undefined) return;
  if (parsed.json) announceAsJson(emulator);
  else announce(emulator, parsed);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void emulator.close());
}

function announce(emulator: RunningEmulator, { config }: Arguments): void {
  const { name } = emulator;
  console.log(`DPS stand-in

  idScope                 ${emulator.idScope}
  MQTT over TLS           ${name}:${emulator.mqttsPort}
  MQTT over WebSocket     wss://${name}:${emulator.wssPort}/$iothub/websocket
  IoT Hub                 ${name}:${emulator.hubPort}
  certificate to trust    ${emulator.caFile}
`);
  console.log(
    config === undefined
      ? describeDemo()
          .map((line) => `  ${line}`)
          .join('\n')
      : `  enrollments from        ${config}`,
  );
  console.log('\nRequests (Ctrl-C ends)\n');
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

/** What to do when a port cannot be had; undefined for any other error. */
function listenSentence(error: unknown, options: EmulatorOptions): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || !('syscall' in error) || error.syscall !== 'listen')
    return undefined;
  const port = 'port' in error ? error.port : undefined;
  const option = port === options.mqttsPort ? '--port' : port === options.wssPort ? '--ws-port' : '--hub-port';
  switch (error.code) {
    case 'EADDRINUSE':
      return `Port ${port} is in use: end what listens there, or choose another with ${option}.`;
    case 'EACCES':
      return `Port ${port} may not be opened by this user: choose one above 1023 with ${option}.`;
    default:
      return `Cannot listen on ${options.host}, port ${port}: ${error.message}. Choose an address of this machine with --host.`;
  }
}

function readArguments(args: readonly string[]): Arguments | string {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        port: { type: 'string', default: '8883' },
        'ws-port': { type: 'string', default: '8443' },
        'hub-port': { type: 'string', default: '8884' },
        host: { type: 'string', default: '127.0.0.1' },
        config: { type: 'string' },
        json: { type: 'boolean', default: false },
      },
    });
    return {
      mqttsPort: readPort('--port', values.port),
      wssPort: readPort('--ws-port', values['ws-port']),
      hubPort: readPort('--hub-port', values['hub-port']),
      host: values.host,
      config: values.config,
      json: values.json,
    };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function readPort(option: string, text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text);
  throw new Error(`${option} is "${text}": expected a port, 0 to 65535.`);
}

function stop(sentences: readonly string[]): void {
  for (const sentence of sentences) console.error(sentence);
  process.exitCode = usageError;
}

await main();
