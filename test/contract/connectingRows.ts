/** The document up to its section "Configurazione TLS/SSL": transports, CONNECT, credentials, QoS, TLS. */
import { expect } from 'vitest';
import { probeSchema } from '../../src/config/probe.ts';
import { parseEndpoint } from '../../src/transport/connect.ts';
import { authority, deviceKey } from '../support/localProbe.ts';
import { registerWithMicrosoftSdk } from '../support/microsoftDevice.ts';
import type { ClientRuns } from './clientRuns.ts';
import type { DocumentRow } from './documentRow.ts';
import * as service from './documentService.ts';

const assigned = { verdict: 'healthy', result: { kind: 'assigned' } };
const plainProbe = {
  name: 'plain',
  idScope: '0ne00000000',
  registrationId: 'one',
  attestation: { type: 'symmetricKey', secret: 'key' },
};
const resource = '0neLOCAL/registrations/device-001';
const passwordOf = ({ connect }: ClientRuns) => String(connect.password);

export const connectingRows: readonly DocumentRow[] = [
  {
    id: 'D1',
    italian: 'MQTT v3.1.1 sulla porta 8883',
    meaning: 'devices speak MQTT 3.1.1 on port 8883',
    client: {
      does: 'is assigned over it; 8883 is the default',
      check: ({ mqtt, connect }) => {
        expect(mqtt).toMatchObject(assigned);
        expect(connect).toMatchObject({ protocolId: 'MQTT', protocolVersion: 4 });
        expect(parseEndpoint('host', 'mqtt').port).toBe(8883);
      },
    },
    service: {
      does: 'refuses MQTT 3.1 and MQTT 5',
      appliesTo: 'any',
      check: async (target) => {
        await service.notLetIn(target, { protocolId: 'MQIsdp', protocolVersion: 3 });
        await service.notLetIn(target, { protocolVersion: 5 });
      },
    },
    alsoIn: 'test/transport/parseEndpoint.test.ts',
  },
  {
    id: 'D2',
    italian: 'MQTT v 3.1.1 su WebSocket sulla porta 443',
    meaning: 'or the same over WebSocket on port 443',
    client: {
      does: 'is assigned over it; 443 is the default',
      check: ({ webSocket }) => {
        expect(webSocket).toMatchObject(assigned);
        expect(webSocket.phases.webSocket).toBeGreaterThan(0);
        expect(parseEndpoint('host', 'mqtt-ws').port).toBe(443);
      },
    },
    service: {
      does: 'opens a WebSocket',
      appliesTo: 'any',
      check: async (target) => expect(await service.webSocket(target, ['mqtt'])).toBe('mqtt'),
    },
  },
  {
    id: 'D3',
    italian: 'DPS non è un broker MQTT completo',
    meaning: 'DPS is no full MQTT broker: it does not carry the messages of others',
    service: {
      does: 'closes the connection for a topic of one’s own',
      appliesTo: 'standIn',
      check: async (target) => {
        const client = await service.subscribed(target);
        service.publish(client, 'telemetry/one', '{}');
        expect(await client.next()).toBe('closed');
      },
    },
    alsoIn: 'test/contract/documentConnection.test.ts',
  },
  {
    id: 'D4',
    italian: 'Tutte le comunicazioni … devono essere protette tramite TLS/SSL',
    meaning: 'everything goes over TLS',
    client: {
      does: 'sends a ClientHello and nothing in clear, whoever answers',
      check: ({ mqtt, webSocket, plaintext }) => {
        for (const { server } of [mqtt, webSocket]) expect(server?.tlsProtocol).toMatch(/^TLSv1\.[23]$/);
        expect(plaintext[0]).toBe(0x16); // a TLS handshake record, RFC 8446 section 5.1
        expect(plaintext.toString('latin1')).not.toMatch(/MQTT|registrations/);
      },
    },
    service: {
      does: 'gives plain MQTT no answer on its ports',
      appliesTo: 'any',
      check: service.plaintextIsNotServed,
    },
  },
  {
    id: 'D5',
    italian: 'DPS non supporta connessioni non protette sulla porta 1883',
    meaning: 'there is no unprotected port 1883',
    service: { does: 'is not there', appliesTo: 'any', check: service.port1883IsNotServed },
  },
  {
    id: 'D6',
    italian:
      'DPS attualmente non supporta i dispositivi che usano il meccanismo di attestazione TPM sul protocollo MQTT',
    meaning: 'TPM attestation is not offered over MQTT',
    client: {
      does: 'refuses such a probe with a sentence that says so',
      check: () => {
        const { error } = probeSchema.safeParse({ ...plainProbe, attestation: { type: 'tpm' } });
        expect(error?.issues.map(({ message }) => message).join()).toContain(
          'DPS does not offer TPM attestation over MQTT',
        );
      },
    },
    service: {
      does: 'answers a registration with `tpm` 400',
      appliesTo: 'standIn',
      check: async (target) => {
        const withTpm = JSON.stringify({ registrationId: target.registrationId, tpm: { endorsementKey: 'AAAA' } });
        const { topic } = await service.answerTo(await service.subscribed(target), service.registerTopic, withTpm);
        expect(topic).toContain('/res/400/');
      },
    },
    alsoIn: 'test/config/probeFaults.test.ts',
  },
  {
    id: 'D7',
    italian: 'Librerie negli SDK di provisioning di Azure',
    meaning: "devices connect by Microsoft's SDKs …",
    service: {
      does: "assigns a device that runs Microsoft's own SDK",
      appliesTo: 'standIn',
      check: async ({ dps, registrationId }) => {
        if (dps === undefined) throw new Error('only the stand-in');
        const state = await registerWithMicrosoftSdk(dps, 'mqtt', registrationId, { key: deviceKey });
        expect(state).toMatchObject({ status: 'assigned' });
      },
    },
    alsoIn: 'test/contract/microsoftSdk.test.ts',
  },
  {
    id: 'D8',
    italian:
      'può comunque connettersi agli endpoint pubblici del dispositivo tramite il protocollo MQTT sulla porta 8883',
    meaning: '… or directly, at the public device endpoint',
    client: {
      does: 'does so; the global endpoint is the default',
      check: () => {
        const { globalDeviceEndpoint, transport } = probeSchema.parse(plainProbe);
        expect(parseEndpoint(globalDeviceEndpoint, transport)).toEqual({
          host: 'global.azure-devices-provisioning.net',
          port: 8883,
        });
      },
    },
    service: {
      does: 'lets a raw client in that does as the document says',
      appliesTo: 'any',
      check: async (target) => void (await service.connected(target)),
    },
  },
  {
    id: 'D9',
    italian: 'Per il campo ClientID, usare RegistrationId',
    meaning: 'the ClientID is the registrationId',
    client: {
      does: 'sends it',
      check: ({ mqtt, connect }) => expect(connect.clientId).toBe(mqtt.registrationId),
    },
    service: {
      does: 'refuses another one',
      appliesTo: 'standIn',
      check: (target) => service.notLetIn(target, { clientId: `${target.registrationId}x` }),
    },
  },
  {
    id: 'D10',
    italian: 'Per il campo username usare {idScope}/registrations/{registration_id}/api-version=2019-03-31',
    meaning: 'the user name has this form',
    client: {
      does: 'sends it',
      check: ({ connect }) => expect(connect.username).toBe(`${resource}/api-version=2019-03-31`),
    },
    service: {
      does: 'refuses one without api-version',
      appliesTo: 'standIn',
      check: (target) =>
        service.notLetIn(target, { username: `${target.idScope}/registrations/${target.registrationId}` }),
    },
    alsoIn: 'test/contract/documentConnection.test.ts',
  },
  {
    id: 'D11',
    italian: 'Per il campo Password usare un token di firma di accesso condiviso',
    meaning: 'the password is a shared access signature, and only its key can make it',
    client: {
      does: 'sends one that the service accepts',
      check: ({ mqtt }) => expect(mqtt).toMatchObject(assigned),
    },
    service: {
      does: 'refuses another signature, and a token that has expired',
      appliesTo: 'any',
      check: async (target) => {
        await service.credentialRefused(target, target.token().replace(/sig=[^&]{8}/, 'sig=AAAAAAAA'));
        await service.credentialRefused(target, target.token().replace(/se=\d+/, 'se=1000000000'));
      },
    },
    alsoIn: 'test/emulator/sasToken.test.ts',
  },
  {
    id: 'D12',
    italian: 'SharedAccessSignature sr={URL-encoded-resourceURI}&sig={signature-string}&se={expiry}&skn=registration',
    meaning: 'it has this form',
    client: {
      does: 'sends this form, with the expiry ahead',
      check: (runs) => {
        const [, expiry] =
          /^SharedAccessSignature sr=[\w%]+&sig=[\w%]+&se=(\d+)&skn=registration$/.exec(
            passwordOf(runs).replaceAll('-', '_'),
          ) ?? [];
        expect(Number(expiry) * 1000).toBeGreaterThan(Date.now());
      },
    },
    service: {
      does: 'refuses a password that is no such token',
      appliesTo: 'any',
      check: (target) => service.credentialRefused(target, target.token().replace('SharedAccessSignature ', '')),
    },
    alsoIn: 'test/attestation/sasToken.test.ts',
  },
  {
    id: 'D13',
    italian: 'Il formato di resourceURI deve essere {idScope}/registrations/{registration_id}',
    meaning: 'the token is for this registration',
    client: {
      does: 'signs this resource',
      check: (runs) => expect(passwordOf(runs)).toContain(`sr=${encodeURIComponent(resource)}&`),
    },
    service: {
      does: 'refuses a token for another resource, although its own key has signed it',
      appliesTo: 'any',
      check: (target) =>
        service.credentialRefused(target, target.token({ resource: `${target.idScope}/registrations/other` })),
    },
    alsoIn: 'test/emulator/sasToken.test.ts',
  },
  {
    id: 'D14',
    italian: 'Il nome del criterio deve essere registration',
    meaning: 'the policy name (skn) is registration',
    client: { does: 'names it', check: (runs) => expect(passwordOf(runs)).toMatch(/&skn=registration$/) },
    service: {
      does: 'refuses another one',
      appliesTo: 'any',
      check: (target) => service.credentialRefused(target, target.token({ skn: 'device' })),
    },
    alsoIn: 'test/emulator/sasToken.test.ts',
  },
  {
    id: 'D15',
    italian: "Le password di token SAS non sono obbligatorie se si usa l'autenticazione dei certificati X.509",
    meaning: 'with an X.509 certificate there is no password',
    client: { does: 'is assigned without one', check: ({ x509 }) => expect(x509).toMatchObject(assigned) },
    service: {
      does: 'lets in a certificate without a password, and nobody without either',
      appliesTo: 'standIn',
      check: async (target) => {
        const withoutPassword = (id: string) => {
          const { password: _, ...packet } = target.connectPacket({
            clientId: id,
            username: `${target.idScope}/registrations/${id}/api-version=2019-03-31`,
          });
          return packet;
        };
        const certified = await target.open(await authority.issueClient({ commonName: 'x509-002' }));
        certified.send(withoutPassword('x509-002'));
        expect(await certified.next()).toMatchObject({ cmd: 'connack', returnCode: 0 });
        const nobody = await target.open();
        nobody.send(withoutPassword(target.registrationId));
        expect(await nobody.next()).toMatchObject({ cmd: 'connack', returnCode: 5 });
      },
    },
    alsoIn: 'test/probes/x509Probe.test.ts',
  },
];
