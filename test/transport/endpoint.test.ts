import { expect, it } from 'vitest';
import { parseEndpoint, type Transport } from '../../src/transport/endpoint.ts';

it.each<[string, Transport, string, number]>([
  ['global.azure-devices-provisioning.net', 'mqtt', 'global.azure-devices-provisioning.net', 8883],
  ['global.azure-devices-provisioning.net', 'mqtt-ws', 'global.azure-devices-provisioning.net', 443],
  ['localhost:1234', 'mqtt', 'localhost', 1234],
  ['127.0.0.1:1234', 'mqtt-ws', '127.0.0.1', 1234],
])('%s over %s is %s, port %i', (text, transport, host, port) => {
  expect(parseEndpoint(text, transport)).toEqual({ host, port });
});
