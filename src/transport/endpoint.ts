/** `mqtt`: MQTT 3.1.1 over TLS on 8883. `mqtt-ws`: the same over WebSocket on 443. */
export type Transport = 'mqtt' | 'mqtt-ws';

export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** Parses host[:port] of a probe or of an assigned hub. The port defaults to the transport's. */
export function parseEndpoint(text: string, transport: Transport): Endpoint {
  const [, host = text, port] = /^(.*?)(?::(\d+))?$/.exec(text) ?? [];
  return { host, port: port ? Number(port) : transport === 'mqtt' ? 8883 : 443 };
}
