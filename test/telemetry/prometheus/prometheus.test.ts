import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Outcome } from '../../../src/outcomes/outcome.ts';
import { metricsContentType, renderMetrics, renderProbe } from '../../../src/telemetry/prometheus/prometheus.ts';
import { buildOutcome, buildRenewed } from '../../support/buildOutcome.ts';
import { requires } from '../../support/requires.ts';
import { runPrometheus } from '../../support/runPrometheus.ts';

const build = { version: '1.2.3', location: 'westeurope', unreadableRows: 2 };

const runTotals = [
  { probe: 'weu-group-key', totals: { healthy: 10_000_000_001, degraded: 2, failing: 3, unknown: 0 } },
];

const rejected = buildOutcome({
  probe: 'weu-x509',
  verdict: 'failing',
  reasons: ['Rejected.\n# HELP evil injected\nevil 1', 'Renew it.'],
  phases: { keyVault: 12, dns: 2, tcp: 20, tls: 41 },
  polls: 0,
  result: { kind: 'tlsFailed', phase: 'tls', code: 'CERT_HAS_EXPIRED', message: 'any text', refusedBy: 'client' },
  credential: { certificateNotAfter: '2026-12-24T00:00:00.000Z' },
  transcript: [
    { atMs: 34.2, direction: 'sent', what: 'CONNECT', bytes: 312 },
    { atMs: 55, direction: 'received', what: 'CONNACK', status: 0, detail: 'first line\nsecond line' },
  ],
});

const notRun = buildOutcome({
  probe: 'weu-hub',
  verdict: 'unknown',
  phases: { keyVault: 30 },
  result: { kind: 'notRun', phase: 'keyVault', cause: 'forbidden', message: 'any text' },
});
const { server: _server, credential: _credential, ...unseen } = notRun;

describe('Prometheus text', () => {
  it('shows per probe and location whether it succeeded, and leaves out the success of one that could not run', async () => {
    const text = await renderMetrics(
      [buildOutcome(), buildOutcome({ probe: 'slow', verdict: 'degraded' }), rejected, unseen],
      build,
      [],
    );
    expect(lines(text, 'probe_success')).toEqual([
      'probe_success{probe="weu-group-key",location="westeurope"} 1',
      'probe_success{probe="slow",location="westeurope"} 1',
      'probe_success{probe="weu-x509",location="westeurope"} 0',
    ]);
    expect(text).toContain('probe_verdict{probe="weu-hub",location="westeurope",verdict="unknown"} 1');
    expect(text).toContain('probe_verdict{probe="weu-hub",location="westeurope",verdict="failing"} 0');
    expect(text).toContain('dps_canary_build_info{version="1.2.3",location="westeurope"} 1');
    expect(text).toContain('dps_canary_unreadable_rows 2');
  });

  it('has the seconds of each phase, and the phases add up to the run', async () => {
    const text = await renderProbe(buildOutcome());
    const phases = lines(text, 'probe_phase_duration_seconds');
    expect(phases).toHaveLength(8);
    expect(phases).toContain('probe_phase_duration_seconds{phase="assign"} 3.2306');
    const sum = phases.map((line) => Number(line.split(' ')[1])).reduce((a, b) => a + b, 0);
    expect(lines(text, 'probe_duration_seconds')).toEqual([`probe_duration_seconds ${sum.toFixed(4)}`]);
  });

  it('counts the runs of each verdict, as many as there are', async () => {
    expect(lines(await renderMetrics([], build, runTotals), 'probe_runs_total')).toEqual([
      'probe_runs_total{probe="weu-group-key",location="westeurope",verdict="healthy"} 10000000001',
      'probe_runs_total{probe="weu-group-key",location="westeurope",verdict="degraded"} 2',
      'probe_runs_total{probe="weu-group-key",location="westeurope",verdict="failing"} 3',
      'probe_runs_total{probe="weu-group-key",location="westeurope",verdict="unknown"} 0',
    ]);
  });

  it('has seconds to the microsecond, for any precision of the clock', async () => {
    const text = await renderProbe(buildOutcome({ durationMs: 1234.5678912, phases: { dns: 0.1 + 0.2 } }));
    expect(lines(text, 'probe_duration_seconds')).toEqual(['probe_duration_seconds 1.234568']);
    expect(lines(text, 'probe_phase_duration_seconds')).toEqual(['probe_phase_duration_seconds{phase="dns"} 0.0003']);
  });

  it('has the expiry of a certificate that was not accepted, and of the device certificate', async () => {
    const text = await renderProbe(rejected);
    expect(lines(text, 'probe_certificate_expiry_timestamp_seconds')).toEqual([
      `probe_certificate_expiry_timestamp_seconds{certificate="server"} ${Date.UTC(2027, 3, 2, 23, 59, 59) / 1000}`,
      `probe_certificate_expiry_timestamp_seconds{certificate="device"} ${Date.UTC(2026, 11, 24) / 1000}`,
    ]);
    expect(lines(text, 'probe_ssl_earliest_cert_expiry')).toEqual([
      `probe_ssl_earliest_cert_expiry ${Date.UTC(2027, 3, 2, 23, 59, 59) / 1000}`,
    ]);
    expect(lines(text, 'probe_result')).toEqual([
      'probe_result{result="tlsFailed",reason="tlsFailed:CERT_HAS_EXPIRED@tls"} 1',
    ]);
  });

  it('has the expiry of issued and renewed certificates and of their CAs, and the duration of the renewal', async () => {
    const text = await renderMetrics([buildOutcome({ result: buildRenewed() })], build, []);
    const labels = '{probe="weu-group-key",location="westeurope"}';
    const seconds = (iso: string) => Date.parse(iso) / 1000;
    expect(lines(text, 'probe_issued_certificate_expiry_timestamp_seconds')).toEqual([
      `probe_issued_certificate_expiry_timestamp_seconds${labels} ${seconds('2026-12-24T14:25:00Z')}`,
    ]);
    expect(lines(text, 'probe_renewed_certificate_expiry_timestamp_seconds')).toEqual([
      `probe_renewed_certificate_expiry_timestamp_seconds${labels} ${seconds('2026-12-24T14:25:08Z')}`,
    ]);
    expect(lines(text, 'probe_issuing_authority_expiry_timestamp_seconds')).toEqual([
      `probe_issuing_authority_expiry_timestamp_seconds${labels} ${seconds('2027-11-24T00:00:00Z')}`,
    ]);
    expect(lines(text, 'probe_certificate_renewal_duration_seconds')).toEqual([
      `probe_certificate_renewal_duration_seconds${labels} 8.4215`,
    ]);
    expect(text).toContain(
      'probe_operational_certificate_state{probe="weu-group-key",location="westeurope",state="renewed"} 1',
    );
    expect(await renderProbe(buildOutcome())).not.toMatch(/issued|renewed|renewal|issuing|operational/);
  });

  it('has no samples without measurements', async () => {
    const text = await renderProbe(unseen);
    expect(text).not.toMatch(/probe_success|expiry|probe_ip_protocol|tls_version/);
  });

  it('puts no free text into a label', async () => {
    const text = await renderMetrics([rejected, notRun], build, []);
    expect(text).not.toContain('any text');
    expect(text).not.toContain('evil');
  });

  it('adds the transcript as comments with debug, one line each, for any contents', async () => {
    const text = await renderProbe(rejected, { debug: true });
    expect(text).toContain('# debug:     34.2 ms → CONNECT  312 bytes\n');
    expect(text).toContain('# debug:     55.0 ms ← CONNACK  status 0  first line second line\n');
    expect(text.split('\n').filter((line) => /^(# HELP evil|evil)/.test(line))).toEqual([]);
    expect(await renderProbe(rejected)).not.toContain('CONNECT');
  });

  const cases: readonly [string, () => Promise<string>][] = [
    ['no probe at all', () => renderMetrics([], build, [])],
    ['every kind of verdict', () => renderMetrics([buildOutcome(), rejected, unseen], build, runTotals)],
    ['one run', () => renderProbe(buildOutcome())],
    ['a renewed certificate', () => renderProbe(buildOutcome({ result: buildRenewed() }))],
    ['one run with its transcript', () => renderProbe(rejected, { debug: true })],
  ];
  it.each(cases)('passes promtool check metrics: %s', requires('promtool'), async (_title, render) => {
    const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], { input: await render() });
    expect(`${stdout}${stderr}`).toBe('');
    expect(status).toBe(0);
  });

  it('is scraped by a real Prometheus, all probes at once and one by one', {
    ...requires('prometheus'),
    timeout: 60_000,
  }, async () => {
    const runs: Record<string, Outcome> = { 'weu-group-key': buildOutcome(), 'weu-x509': rejected };
    const target = await serve(async (url) => {
      if (url.pathname === '/api/metrics') return renderMetrics(Object.values(runs), build, runTotals);
      const outcome = runs[url.searchParams.get('target') ?? ''];
      return outcome === undefined ? undefined : renderProbe(outcome, { debug: true });
    });
    const prometheus = await runPrometheus(`
global: { scrape_interval: 1s, scrape_timeout: 1s }
scrape_configs:
  - job_name: all
    metrics_path: /api/metrics
    static_configs: [{ targets: ['${target}'] }]
  - job_name: each
    metrics_path: /api/probe
    static_configs: [{ targets: [weu-group-key, weu-x509] }]
    relabel_configs:
      - { source_labels: [__address__], target_label: __param_target }
      - { source_labels: [__param_target], target_label: probe }
      - { target_label: __address__, replacement: '${target}' }
`);
    onTestFinished(() => prometheus.close());

    const values = async (promql: string) => (await prometheus.query(promql)).map(({ value }) => value[1]);
    for (const job of ['all', 'each']) {
      expect(await values(`probe_success{job="${job}",probe="weu-group-key"}`)).toEqual(['1']);
      expect(await values(`probe_success{job="${job}",probe="weu-x509"}`)).toEqual(['0']);
      expect(await values(`probe_phase_duration_seconds{job="${job}",probe="weu-group-key",phase="assign"}`)).toEqual([
        '3.2306',
      ]);
    }
    const [result] = await prometheus.query('probe_result{job="all",probe="weu-x509"}');
    expect(result?.metric).toMatchObject({ result: 'tlsFailed', reason: 'tlsFailed:CERT_HAS_EXPIRED@tls' });
  });
});

function lines(text: string, metric: string): readonly string[] {
  return text.split('\n').filter((line) => new RegExp(`^${metric}[ {]`).test(line));
}

/** A server with the response under test; returns its host and port. */
async function serve(respond: (url: URL) => Promise<string | undefined>): Promise<string> {
  const server = createServer(async (request, response) => {
    const body = await respond(new URL(request.url ?? '/', 'http://localhost'));
    response.writeHead(body === undefined ? 404 : 200, { 'Content-Type': metricsContentType }).end(body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}
