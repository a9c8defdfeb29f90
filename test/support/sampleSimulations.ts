import type { SimulationView } from '../../src/simulations/simulationView.ts';

const ended: SimulationView = {
  id: '0123456789abcdef01234567',
  state: 'stopped',
  reason: 'Stopped: the service responded 429 <script>',
  idScope: '0ne00A1B2C3',
  location: 'westeurope',
  probe: 'fleet',
  devices: 400,
  left: 0,
  done: 400,
  cancelled: 0,
  createdAt: '2026-11-24T14:25:00.000Z',
  endedAt: '2026-11-24T14:26:00.000Z',
  expiresAt: '2026-11-24T15:25:00.000Z',
  request: {
    probe: 'fleet',
    devices: 400,
    registrationIdPrefix: 'fleet-sim-',
    ratePerSecond: 16,
    allowAboveServiceLimits: false,
    reuseTlsSessions: false,
  },
  pace: { askedPerSecond: 16, ratePerSecond: 4, lowestRatePerSecond: 2, throttled: 31 },
  verdicts: { healthy: 300, degraded: 20, failing: 60, unknown: 20 },
  reasons: [
    {
      verdict: 'failing',
      reason: 'rejected:401002@register',
      count: 60,
      examples: [
        {
          registrationId: 'fleet-sim-000001',
          runId: 'r',
          text: 'DPS refused <b>the certificate</b>. Next: check the enrollment group.',
        },
      ],
    },
  ],
  hubs: { 'hub-a.azure-devices.net': 180, 'hub-b.azure-devices.net': 120 },
  percentiles: {
    tls: { count: 380, p50: 41, p90: 60, p95: 80, p99: 120, max: 140 },
    assign: { count: 380, p50: 3100, p90: 3900, p95: 4100, p99: 5000, max: 6000 },
    total: { count: 380, p50: 3200, p90: 4000, p95: 4300, p99: 5200, max: 6100 },
  },
  tlsSessionsReused: 0,
  devicesPerSecond: 6.6,
  timeline: [
    [0, 100, 0, 0, 0],
    [1, 200, 20, 60, 20],
  ],
  timelineStepSeconds: 1,
};

const { endedAt: _, reason: __, ...begun } = ended;

const running: SimulationView = {
  ...begun,
  id: '89abcdef0123456789abcdef',
  state: 'running',
  devices: 500,
  done: 120,
  left: 380,
  estimatedSecondsLeft: 190,
  verdicts: { healthy: 120, degraded: 0, failing: 0, unknown: 0 },
  reasons: [],
  hubs: { 'hub-a.azure-devices.net': 120 },
  pace: { ...ended.pace, throttled: 0 },
  timeline: [
    [0, 20, 0, 0, 0],
    [10, 40, 0, 0, 0],
    [20, 60, 0, 0, 0],
  ],
  timelineStepSeconds: 10,
};

const cancelled: SimulationView = {
  ...begun,
  id: '456789abcdef0123456789ab',
  state: 'cancelled',
  reason: 'Cancelled: no more devices were started',
  devices: 100,
  done: 100,
  left: 0,
  verdicts: { healthy: 3, degraded: 0, failing: 0, unknown: 97 },
  reasons: [],
  timeline: [],
};

/** What the page shows of simulations, by the state of the page. */
export const sampleSimulations = {
  'simulation running': [running, ended],
  'simulations ended': [ended, cancelled],
} as const satisfies Record<string, readonly SimulationView[]>;
