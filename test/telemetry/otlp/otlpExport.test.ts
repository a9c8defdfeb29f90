import { createServer } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { listen } from '../../../src/local/listen.ts';
import { startOtlpExport } from '../../../src/telemetry/otlp/otlpExport.ts';
import { openTelemetrySink } from '../../../src/telemetry/otlp/spans.ts';
import { buildOutcome } from '../../support/buildOutcome.ts';

describe('startOtlpExport', () => {
  it('sends spans and metrics to the collector of the standard settings when it is flushed', async () => {
    const received = await startCollector(200);
    const otlp = await start();
    await openTelemetrySink().write(buildOutcome());
    await otlp.flush();

    expect(received.map(({ path, contentType, key }) => [path, contentType, key]).sort()).toEqual([
      ['/v1/metrics', 'application/x-protobuf', 'secret'],
      ['/v1/traces', 'application/x-protobuf', 'secret'],
    ]);
    const traces = received.find(({ path }) => path === '/v1/traces')?.body;
    expect(traces).toContain('dps.probe.register');
    expect(traces).toContain('canary-app');
    expect(received.find(({ path }) => path === '/v1/metrics')?.body).toContain('dps.probe.phase.duration');
  });

  it('has nothing registered after it is closed', async () => {
    const received = await startCollector(200);
    const otlp = await startOtlpExport({ timeoutMs: 10_000, serviceName: 'canary-app' });
    await otlp.close();
    received.length = 0;
    await openTelemetrySink().write(buildOutcome());
    expect(received).toEqual([]);
  });

  it('rejects a flush that the collector did not accept', async () => {
    await startCollector(400);
    const otlp = await start();
    await openTelemetrySink().write(buildOutcome());
    await expect(otlp.flush()).rejects.toThrow();
  });
});

async function start() {
  const otlp = await startOtlpExport({ timeoutMs: 10_000, serviceName: 'canary-app' });
  onTestFinished(() => otlp.close().catch(() => {}));
  return otlp;
}

async function startCollector(status: number) {
  const received: { path: string; contentType: string; key: string; body: string }[] = [];
  const server = createServer(async (request, response) => {
    const body = (await buffer(request)).toString('latin1');
    const { 'content-type': contentType = '', 'x-key': key = '' } = request.headers;
    received.push({ path: request.url ?? '', contentType, key: String(key), body });
    response.writeHead(status, { 'Content-Type': 'application/x-protobuf' }).end();
  });
  const { port, close } = await listen(server, 'The collector');
  vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', `http://127.0.0.1:${port}`);
  vi.stubEnv('OTEL_EXPORTER_OTLP_HEADERS', 'x-key=secret');
  onTestFinished(async () => {
    vi.unstubAllEnvs();
    await close();
  });
  return received;
}
