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
 * The TLS context of a device. All devices without a client certificate share one: a new one for each connection costs 20 to 25 % more CPU.
 *
 * @throws OpenSSL's error for a certificate or key that it cannot use
 */
export function tlsContext(client?: ClientCertificate): SecureContext {
  if (client) return createSecureContext({ minVersion, cert: client.certificateChain, key: client.privateKey });
  anonymous ??= createSecureContext({ minVersion });
  return anonymous;
}
