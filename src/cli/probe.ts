/** `npm run probe`: one run, now, from this machine. It starts nothing else and stores nothing. */
import { cacheCompiledCode } from './cacheCompiledCode.ts';
import { readProbeArguments } from './probe/probeArguments.ts';
import { exitCodes, wrongUsage } from './usage.ts';

const usage = `npm run probe -- --id-scope S --registration-id R [credential] [options]
npm run probe -- NAME [--hub HOST] [--timeout S] [--json]     a configured probe

Credential, one of (with none of them, a hidden prompt asks for the key):
  --key-env NAME                 environment variable that holds the symmetric key
  --key-file FILE                file that holds it
  --certificate FILE [--certificate-key FILE]   X.509: PEM, or PKCS#12 without a password
  --group                        it is the enrollment group's: the device's own is derived or issued
Options:
  --endpoint HOST[:PORT]         default global.azure-devices-provisioning.net
  --transport mqtt|mqtt-ws       default mqtt
  --verify-hub connect|telemetry|twin|renew     afterwards, prove the assignment at the hub
  --hub HOST[:PORT]              one more hub that may be given the credential; repeatable
  --request-certificate          ask for an operational certificate
  --api-version V                default 2019-03-31
  --expect assigned|refused|disabled|failed     default assigned
  --timeout S                    default 60
  --json                         the Outcome as one line of JSON, and nothing else on stdout
  --help                         this text

A configured probe reads its secret from LOCAL_SECRETS_FILE, else from the vault at KEY_VAULT_URL.
The run holds no lease: it can cut off a deployed run of the same device.
Exit code: 0 healthy or degraded, 1 failing or unknown, 2 wrong usage or configuration.`;

async function main(): Promise<number> {
  const args = readProbeArguments(process.argv.slice(2));
  switch (args.kind) {
    case 'help':
      console.log(usage);
      return exitCodes.success;
    case 'wrong':
      console.error(wrongUsage(args.message, 'npm run probe'));
      return exitCodes.usage;
    default: {
      // Loaded only now, so that wrong usage is reported at once.
      cacheCompiledCode();
      const { runFromArguments } = await import('./probe/runFromArguments.ts');
      const ran = await runFromArguments(args);
      if (ran.kind === 'ran') return ran.isUp ? exitCodes.success : exitCodes.failure;
      console.error(ran.message);
      return exitCodes.usage;
    }
  }
}

// A reader that closes the pipe early must not end the run or change its exit code.
process.stdout.on('error', () => undefined);
const exitCode = await main().catch((error: unknown) => {
  console.error(`An unexpected error in this program: ${error instanceof Error ? error.stack : String(error)}`);
  return exitCodes.failure;
});
// A connection that a client library keeps open must not delay the exit.
process.stdout.write('', () => process.exit(exitCode));
