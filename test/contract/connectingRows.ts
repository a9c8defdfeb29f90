/** The document up to its section "TLS/SSL configuration": transports, CONNECT, credentials, QoS, TLS. */
import { expect } from 'vitest';
import { probeSchema } from '../../src/config/probe.ts';
import { parseEndpoint } from '../../src/transport/endpoint.ts';
import { onStrictStandIn } from '../support/documentTarget.ts';
import { authority, deviceKey } from '../support/localProbe.ts';
import { registerWithMicrosoftSdk } from '../support/microsoftDevice.ts';
import type { ClientRuns } from './clientRuns.ts';
import type { DocumentRow } from './documentRow.ts';
import * as service from './documentService.ts';

const assigned = { verdict: 'healthy', result: { kind: 'assigned' } };
const plainProbe = {
  name: 'plain',
  idScope: '0ne00A1B2C3',
  registrationId: 'one',
  attestation: { type: 'symmetricKey', secret: 'key' },
};
const resource = '0neLOCAL/registrations/device-001';
const passwordOf = ({ connect }: ClientRuns) => String(connect.password);

export const connectingRows: readonly DocumentRow[] = [
  {
    id: 'D1',
    quote: 'MQTT v3.1.1 on port 8883',
    meaning: 'devices use MQTT 3.1.1 on port 8883',
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
        await service.notAccepted(target, { protocolId: 'MQIsdp', protocolVersion: 3 });
        await service.notAccepted(target, { protocolVersion: 5 });
      },
    },
    alsoIn: 'test/transport/endpoint.test.ts',
  },
  {
    id: 'D2',
    quote: 'MQTT v3.1.1 over WebSocket on port 443',
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
    quote: 'DPS is not a full-featured MQTT broker',
    meaning: 'DPS is not a full MQTT broker: it does not route messages between devices',
    service: {
      does: 'closes the connection at a publish to any other topic',
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
    quote: 'All device communication with DPS must be secured using TLS/SSL',
    meaning: 'all communication uses TLS',
    client: {
      does: 'sends only a ClientHello and nothing in clear text, for any response of the server',
      check: ({ mqtt, webSocket, plaintext }) => {
        for (const { server } of [mqtt, webSocket]) expect(server?.tlsProtocol).toMatch(/^TLSv1\.[23]$/);
        expect(plaintext[0]).toBe(0x16); // a TLS handshake record, RFC 8446 section 5.1
        expect(plaintext.toString('latin1')).not.toMatch(/MQTT|registrations/);
      },
    },
    service: {
      does: 'does not respond to plain MQTT on its ports',
      appliesTo: 'any',
      check: service.plaintextIsNotServed,
    },
  },
  {
    id: 'D5',
    quote: "DPS doesn't support non-secure connections over port 1883",
    meaning: 'there is no unprotected port 1883',
    service: { does: 'does not listen on it', appliesTo: 'any', check: service.port1883IsNotServed },
  },
  {
    id: 'D6',
    quote: 'DPS does not currently support devices using TPM attestation mechanism over the MQTT protocol',
    meaning: 'TPM attestation is not offered over MQTT',
    client: {
      does: 'refuses such a probe with an error that explains it',
      check: () => {
        const { error } = probeSchema.safeParse({ ...plainProbe, attestation: { type: 'tpm' } });
        expect(error?.issues.map(({ message }) => message).join()).toContain(
          'DPS does not offer TPM attestation over MQTT',
        );
      },
    },
    service: {
      does: 'responds 400 to a registration with `tpm`',
      appliesTo: 'standIn',
      check: async (target) => {
        const withTpm = JSON.stringify({ registrationId: target.registrationId, tpm: { endorsementKey: 'AAAA' } });
        const { topic } = await service.responseTo(await service.subscribed(target), service.registerTopic, withTpm);
        expect(topic).toContain('/res/400/');
      },
    },
    alsoIn: 'test/config/probeErrors.test.ts',
  },
  {
    id: 'D7',
    quote: 'Libraries in the Azure IoT Provisioning SDKs',
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
    quote: 'it can still connect to the public device endpoints using the MQTT protocol on port 8883',
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
      does: 'accepts a raw client that follows the document',
      appliesTo: 'any',
      check: async (target) => void (await service.connected(target)),
    },
  },
  {
    id: 'D9',
    quote: 'For the ClientId field, use registrationId',
    meaning: 'the ClientID is the registrationId',
    client: {
      does: 'sends it',
      check: ({ mqtt, connect }) => expect(connect.clientId).toBe(mqtt.registrationId),
    },
    service: {
      does: 'refuses another one',
      appliesTo: 'standIn',
      check: (target) => service.notAccepted(target, { clientId: `${target.registrationId}x` }),
    },
  },
  {
    id: 'D10',
    quote: 'For the Username field, use {idScope}/registrations/{registration_id}/api-version=2019-03-31',
    meaning: 'the user name has this form',
    client: {
      does: 'sends it',
      check: ({ connect }) => expect(connect.username).toBe(`${resource}/api-version=2019-03-31`),
    },
    service: {
      does: 'refuses one without api-version',
      appliesTo: 'standIn',
      check: (target) =>
        service.notAccepted(target, { username: `${target.idScope}/registrations/${target.registrationId}` }),
    },
    alsoIn: 'test/contract/documentConnection.test.ts',
  },
  {
    id: 'D11',
    quote: 'For the Password field, use a SAS token',
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
    quote: 'SharedAccessSignature sr={URL-encoded-resourceURI}&sig={signature-string}&se={expiry}&skn=registration',
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
      does: 'refuses a password of another form',
      appliesTo: 'any',
      check: (target) => service.credentialRefused(target, target.token().replace('SharedAccessSignature ', '')),
    },
    alsoIn: 'test/attestation/sasToken.test.ts',
  },
  {
    id: 'D13',
    quote: 'The resourceURI should be in the format {idScope}/registrations/{registration_id}',
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
    quote: 'The policy name should be registration',
    meaning: 'the policy name (skn) is registration',
    client: { does: 'sends it', check: (runs) => expect(passwordOf(runs)).toMatch(/&skn=registration$/) },
    service: {
      does: 'refuses another one, and accepts a token without one; `strict`: refuses that too',
      appliesTo: 'any',
      check: async (target) => {
        await service.credentialRefused(target, target.token({ skn: 'device' }));
        const without = target.token({ skn: undefined });
        await service.credentialAccepted(target, without);
        await onStrictStandIn(target, (strict) => service.credentialRefused(strict, without));
      },
    },
    alsoIn: 'test/emulator/sasToken.test.ts',
  },
  {
    id: 'D15',
    quote: 'If you use X.509 certificate authentication, SAS token passwords are not required',
    meaning: 'with an X.509 certificate there is no password',
    client: { does: 'is assigned without one', check: ({ x509 }) => expect(x509).toMatchObject(assigned) },
    service: {
      does: 'accepts a certificate without a password, and refuses a device with neither',
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
        const neither = await target.open();
        neither.send(withoutPassword(target.registrationId));
        expect(await neither.next()).toMatchObject({ cmd: 'connack', returnCode: 5 });
      },
    },
    alsoIn: 'test/probes/x509Probe.test.ts',
  },
];
