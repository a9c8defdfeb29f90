import type { Phase } from '../../transport/phase.ts';
import { isCertificateAlert } from '../../transport/socketFailure.ts';
import type { TransportFailure } from '../../transport/transportFailure.ts';
import { type Advice, type ExplainedProbe, type Explanation, scopeHint } from './explanation.ts';

/** Which server the device talked to. */
export interface Target {
  readonly role: 'dps' | 'hub';
  /** `host` or `host:port`. */
  readonly host: string;
}

type Failure<Kind extends TransportFailure['kind']> = Extract<TransportFailure, { kind: Kind }>;

/** One row for each way in which a connection can fail. Its meaning depends on server, transport and attestation. */
const rows: {
  readonly [Kind in TransportFailure['kind']]: (
    failure: Failure<Kind>,
    target: Target,
    probe: ExplainedProbe,
  ) => Explanation;
} = {
  unreachable: ({ phase, code }, target) =>
    phase === 'dns'
      ? { what: `The name of ${serverOf(target)} does not resolve: ${code}`, ...nameAdvice[target.role] }
      : { what: `${capitalized(serverOf(target))} does not accept a TCP connection: ${code}`, ...portAdvice(target) },
  tlsFailed: explainTls,
  webSocketRefused: ({ status, message }, target) => ({
    what: `The WebSocket upgrade of ${serverOf(target)} failed: ${message}`,
    ...(status === undefined ? notWebSocket : proxyAdvice),
  }),
  connectionRefused: ({ returnCode, message }, target, probe) => ({
    what: `${capitalized(serverOf(target))} refused the MQTT connection with CONNACK ${returnCode}: ${message}`,
    ...connackAdvice(returnCode, target, probe),
  }),
  subscriptionRefused: ({ returnCode }, target) => ({
    what: `${capitalized(serverOf(target))} refused the subscription with SUBACK ${returnCode}`,
    next: "Check Azure's service health; the filter is the documented one",
    source: 'MQTT 3.1.1 §3.9.3',
  }),
  connectionLost: ({ phase, code }, target, probe) => ({
    what: `The connection to ${serverOf(target)} was lost in phase ${phase}: ${code}`,
    ...lostAdvice(phase, target, probe),
  }),
  timedOut: ({ phase, message }, target) => ({
    what: `${capitalized(serverOf(target))} timed out in phase ${phase}: ${message}`,
    ...timeoutAdvice[phase](target),
  }),
  malformedResponse: ({ phase, message }, target, probe) => ({
    what: `${capitalized(serverOf(target))} sent something in phase ${phase} that the protocol does not allow: ${message}`,
    ...malformedAdvice(phase, probe),
  }),
};

export function explainTransport(failure: TransportFailure, target: Target, probe: ExplainedProbe): Explanation {
  // TypeScript cannot express that a row looked up by `kind` accepts a failure of that kind; the type of `rows` ensures it.
  const row = rows[failure.kind] as (failure: TransportFailure, target: Target, probe: ExplainedProbe) => Explanation;
  return row(failure, target, probe);
}

function serverOf({ role, host }: Target): string {
  return role === 'dps' ? host : `the hub ${host}`;
}

function capitalized(text: string): string {
  return text.startsWith('the ') ? `T${text.slice(1)}` : text;
}

const nameAdvice: { readonly [role in Target['role']]: Advice } = {
  dps: {
    next: 'Check the spelling of globalDeviceEndpoint, and the DNS that this location uses',
    source: 'https://learn.microsoft.com/azure/iot-dps/virtual-network-support',
  },
  hub: {
    usually:
      'Usually the hub was deleted or renamed while DPS is still linked to it, or its private DNS zone is missing here',
    next: 'Check that the assigned hub exists, and that this location can resolve its name',
    source: 'https://learn.microsoft.com/azure/iot-hub/virtual-network-support',
  },
};

const ports = '8883, or 443 with transport mqtt-ws';

function portAdvice({ role }: Target): Advice {
  const server = role === 'dps' ? 'DPS' : 'the hub';
  return {
    next: `Check firewalls and network rules between this location and ${server} for the port (${ports})`,
    source: 'https://learn.microsoft.com/azure/iot-dps/iot-dps-mqtt-support',
  };
}

const proxyAdvice: Advice = {
  usually: 'Usually a proxy or TLS inspection on the way: the service responds 101 with the subprotocol mqtt',
  next: 'Look for a proxy between this location and the service, and let it pass WebSocket upgrades',
  source: 'RFC 6455 §4.2.2',
};

const notWebSocket: Advice = {
  usually: 'Usually the port is for MQTT and not for WebSocket, or a proxy closes upgrades',
  next: 'Check the port: 443 for transport mqtt-ws, 8883 for mqtt. Then look for a proxy on the way',
  source: 'RFC 6455 §4.1',
};

const notMqtt: Advice = {
  usually: 'Usually the port is for HTTP (443) and not for MQTT, or another server responds',
  next: 'Check the port: 8883 for transport mqtt, 443 for mqtt-ws. Then read the transcript',
  source: 'MQTT 3.1.1 §3.2',
};

const certificateChain =
  "Check the certificate's validity and chain: DPS needs each intermediate up to the CA of the enrollment, and that CA verified";

function explainTls(
  { refusedBy, code, message }: Failure<'tlsFailed'>,
  target: Target,
  { attestation }: ExplainedProbe,
): Explanation {
  if (refusedBy === 'client') {
    const what = `TLS with ${serverOf(target)} failed: ${message}`;
    if (/WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST/.test(code)) {
      return {
        what,
        usually: 'The port does not speak TLS',
        next: `Check the port (${ports})`,
        source: 'RFC 8446 §5.1',
      };
    }
    return {
      what,
      usually: 'Usually an expired certificate, a new root that is not trusted here, or a proxy that opens TLS',
      next: 'Look for a proxy on the way, and compare the chain with the expected one. To trust an emulator or a proxy of your own, name the file of its root in NODE_EXTRA_CA_CERTS',
      source: 'https://learn.microsoft.com/azure/iot-dps/tls-support',
    };
  }
  const what = `${capitalized(serverOf(target))} refused the TLS handshake: ${code}`;
  const source = 'RFC 8446 §6.2; azure-iot-sdk-python#968 (unknown_ca, also for expired certificates)';
  if (isCertificateAlert(code) && attestation.type === 'x509') {
    return {
      what,
      usually: 'Usually a certificate that expired, or whose chain is not trusted',
      next: certificateChain,
      source,
    };
  }
  return {
    what,
    usually: 'Usually a proxy on the way, or a TLS version or cipher that the service does not offer',
    next: 'Check for a proxy between this location and the service, which supports TLS 1.2 and newer',
    source,
  };
}

/** MQTT 3.1.1 §3.2.2.3. What the service means by a code is known from public reports. */
function connackAdvice(returnCode: number, { role }: Target, probe: ExplainedProbe): Advice {
  const { attestation, transport } = probe;
  if (role === 'hub' && attestation.type === 'x509' && transport === 'mqtt-ws' && [3, 4, 5].includes(returnCode)) {
    return {
      usually: 'Usually a hop that terminates TLS (a proxy, a gateway): the client certificate is lost there',
      next: 'Connect without that hop, or with transport mqtt; then check that the device is enabled in the hub',
      source: 'azure-iot-sdk-csharp#534, azure-iot-sdk-c#756',
    };
  }
  if (returnCode === 3) {
    return { next: "Check Azure's service health", source: 'MQTT 3.1.1 §3.2.2.3' };
  }
  if (returnCode === 1) {
    return { next: 'Check which server responds: the service supports MQTT 3.1.1', source: 'MQTT 3.1.1 §3.2.2.3' };
  }
  if (role === 'hub') {
    return {
      usually: 'Usually the device is disabled or missing in the hub, or its credential there is another one',
      next: "Check that the device exists and is enabled in the hub, and that its credential there is the enrollment's",
      source: 'https://learn.microsoft.com/azure/iot-hub/iot-hub-mqtt-support; freertos-samples#175',
    };
  }
  const credential = attestation.type === 'x509' ? 'the certificate' : 'the key';
  return {
    usually:
      scopeHint(probe) ?? `Usually ${credential}, the idScope or the registrationId is not one that the service knows`,
    next: `Compare idScope, registrationId and ${credential} with the enrollment`,
    source: 'azure-docs#69882, esp-azure#132, azure-iot-sdk-c#2255',
  };
}

function lostAdvice(phase: Phase, { role }: Target, { attestation, transport }: ExplainedProbe): Advice {
  if (phase === 'webSocket') return notWebSocket;
  const network = 'look for a firewall that closes connections, and compare with other locations';
  if (role === 'dps' && attestation.type === 'x509' && phase !== 'tcp') {
    return {
      usually: 'Usually a certificate whose chain DPS does not trust: it closes the connection without a response',
      next: `${certificateChain}. Otherwise ${network}`,
      source: 'azure-iot-sdk-python#797',
    };
  }
  if (phase === 'mqttConnect' && transport === 'mqtt') {
    return {
      usually: 'Usually a firewall that closes connections, or a port that does not speak MQTT',
      next: `Check the port (${ports}), and compare with other locations`,
      source: 'MQTT 3.1.1 §4.8',
    };
  }
  return { next: network.charAt(0).toUpperCase() + network.slice(1), source: 'MQTT 3.1.1 §4.8' };
}

const serviceOrNetwork: Advice = {
  next: "Check Azure's service health, and compare with other locations",
  source: 'azure-iot-sdk-c#1727 #1965 (silence of minutes and hours)',
};
const timeoutAdvice: { readonly [phase in Phase]: (target: Target) => Advice } = {
  keyVault: () => ({ next: 'Check the network between this app and the vault', source: 'this program' }),
  dns: () => ({ next: 'Check the DNS that this location uses', source: 'RFC 1035 §7.1' }),
  tcp: (target) => ({
    usually: 'Usually a firewall that drops packets',
    ...portAdvice(target),
  }),
  tls: () => ({ ...proxyAdvice, usually: 'Usually a proxy or TLS inspection on the way', source: 'RFC 8446 §2' }),
  webSocket: () => proxyAdvice,
  mqttConnect: () => serviceOrNetwork,
  subscribe: () => serviceOrNetwork,
  register: () => serviceOrNetwork,
  assign: () => ({
    usually:
      'DPS accepted the device and did not finish: usually a linked hub that does not respond, or a slow custom allocation webhook',
    next: "Check the linked hubs and the webhook's logs, then Azure's service health",
    source: 'https://learn.microsoft.com/azure/iot-dps/tutorial-custom-allocation-policies',
  }),
  hub: () => serviceOrNetwork,
};

function malformedAdvice(phase: Phase, { transport }: ExplainedProbe): Advice {
  if (phase === 'mqttConnect' && transport === 'mqtt') return notMqtt;
  return {
    usually: 'Usually it is not the service that responds, or this is a new form of its response',
    next: 'Read the transcript, and check what responds under this name',
    source: 'https://learn.microsoft.com/azure/iot-dps/iot-dps-mqtt-support',
  };
}
