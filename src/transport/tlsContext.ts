import { createSecureContext, type SecureContext } from 'node:tls';

/** What an X.509 device presents in the handshake, as PEM. */
export interface ClientCertificate {
  /** Leaf first, then its intermediates. */
  readonly certificateChain: string;
  readonly privateKey: string;
}

/** learn.microsoft.com/azure/iot-dps/iot-dps-mqtt-support, "TLS/SSL configuration". */
const minVersion = 'TLSv1.2';
let anonymous: SecureContext | undefined;

/**
 * The TLS context of a device. Without a client certificate all devices share one: a fresh one per connection costs 20-25 % more
 * CPU. @throws what OpenSSL says of a certificate or key that it cannot use.
 */
export function tlsContext(client?: ClientCertificate): SecureContext {
  if (client) return createSecureContext({ minVersion, cert: client.certificateChain, key: client.privateKey });
  anonymous ??= createSecureContext({ minVersion });
  return anonymous;
}
