/**
 * The packets that public SDKs and samples send to DPS, with their sources. A raw client sends them to the stand-in. `source` is a file of
 * a public repository.
 */
export interface OtherDevice {
  readonly name: string;
  readonly source: string;
  readonly cleanSession: boolean;
  readonly keepAliveSeconds: number;
  /** What follows `api-version=2019-03-31` in the user name. */
  readonly usernameSuffix: string;
  /** Undefined: it presents a certificate in place of a token. */
  readonly token: TokenForm | undefined;
  readonly subscribeQos: 0 | 1;
  readonly publishQos: 0 | 1;
  readonly registerRid: (registrationId: string) => string;
  readonly registerBody: (registrationId: string) => string;
  readonly pollRid: (registrationId: string) => string;
  readonly pollQos: 0 | 1;
  readonly pollBody: string;
  /** The note in the request history; undefined: it follows the document. */
  readonly notes: { readonly connect?: string; readonly register?: string };
}

export interface TokenForm {
  readonly spell: (resource: string) => string;
  readonly skn: 'registration' | undefined;
}

const upperCase = encodeURIComponent;
const lowerCase = (resource: string) => encodeURIComponent(resource).replaceAll('%2F', '%2f');
const bodyOf = (registrationId: string) => JSON.stringify({ registrationId });
const noSession = 'CleanSession is 0, but the session is not persistent';
const noSkn = 'the SAS token has no skn';

export const otherDevices: readonly OtherDevice[] = [
  {
    name: 'Microsoft’s Node SDK (azure-iot-provisioning-device-mqtt 1.8.1)',
    source: 'Azure/azure-iot-sdk-node: provisioning/transport/mqtt/src/mqtt.ts',
    cleanSession: true,
    keepAliveSeconds: 180,
    usernameSuffix: '&ClientVersion=azure-iot-provisioning-device-mqtt%2F1.8.1',
    token: { spell: (resource) => resource, skn: 'registration' },
    subscribeQos: 1,
    publishQos: 1,
    registerRid: () => '3226c2f7-3d30-425c-b83b-0c34335f8220',
    registerBody: bodyOf,
    pollRid: () => 'e1a1b2c3-3d30-425c-b83b-0c34335f8220',
    pollQos: 1,
    pollBody: ' ',
    notes: {},
  },
  {
    name: 'Microsoft’s Python SDK (azure-iot-device 2.14)',
    source: 'Azure/azure-iot-sdk-python: azure-iot-device/azure/iot/device/common/mqtt_transport.py, auth/sastoken.py',
    cleanSession: false,
    keepAliveSeconds: 60,
    usernameSuffix: '&ClientVersion=azure-iot-device-provisioning-py%2F2.14.0%28py3%3BLinux%3Bx86_64%29',
    token: { spell: upperCase, skn: undefined },
    subscribeQos: 1,
    publishQos: 1,
    registerRid: () => '4c1b6a6e-98b4-4d7e-9c4e-6c5a0d0a7c11',
    registerBody: bodyOf,
    pollRid: () => '0f9a8d50-98b4-4d7e-9c4e-6c5a0d0a7c11',
    pollQos: 1,
    pollBody: ' ',
    notes: { connect: `${noSession}; ${noSkn}` },
  },
  {
    name: 'the C SDK (azure-iot-sdk-c 1.6)',
    source: 'Azure/azure-iot-sdk-c: provisioning_client/src/prov_transport_mqtt_common.c, and a trace of it in public',
    cleanSession: true,
    keepAliveSeconds: 0,
    usernameSuffix: '&ClientVersion=1.6.0',
    token: { spell: lowerCase, skn: 'registration' },
    subscribeQos: 1,
    publishQos: 0,
    registerRid: () => '1',
    registerBody: bodyOf,
    pollRid: () => '2',
    pollQos: 0,
    pollBody: '',
    notes: {},
  },
  {
    name: 'an older C SDK, with an empty register message',
    source: 'Azure/azure-iot-sdk-c, 2018: provisioning_client/src/prov_transport_mqtt_common.c, send_mqtt_message',
    cleanSession: true,
    keepAliveSeconds: 0,
    usernameSuffix: '&ClientVersion=123.123',
    token: { spell: lowerCase, skn: 'registration' },
    subscribeQos: 1,
    publishQos: 0,
    registerRid: () => '2',
    registerBody: () => '',
    pollRid: () => '3',
    pollQos: 0,
    pollBody: '',
    notes: { register: 'the body has no registrationId' },
  },
  {
    name: 'Azure SDK for C, provisioning sample with a key',
    source: 'Azure/azure-sdk-for-c: sdk/samples/iot/paho_iot_provisioning_sas_sample.c',
    cleanSession: false,
    keepAliveSeconds: 240,
    usernameSuffix: '',
    token: { spell: lowerCase, skn: undefined },
    subscribeQos: 1,
    publishQos: 1,
    registerRid: () => '1',
    registerBody: () => '',
    pollRid: () => '1',
    pollQos: 0,
    pollBody: '',
    notes: { connect: `${noSession}; ${noSkn}`, register: 'the body has no registrationId' },
  },
  {
    name: 'Azure SDK for C, provisioning sample with a certificate',
    source: 'Azure/azure-sdk-for-c: sdk/samples/iot/paho_iot_provisioning_sample.c',
    cleanSession: false,
    keepAliveSeconds: 240,
    usernameSuffix: '',
    token: undefined,
    subscribeQos: 1,
    publishQos: 1,
    registerRid: () => '1',
    registerBody: () => '',
    pollRid: () => '1',
    pollQos: 0,
    pollBody: '',
    notes: { connect: noSession, register: 'the body has no registrationId' },
  },
  {
    name: 'Arduino on ESP32 (azure-sdk-for-c-arduino)',
    source: 'Azure/azure-sdk-for-c-arduino: examples/Azure_IoT_Central_ESP32/AzureIoT.cpp and its .ino',
    cleanSession: true,
    keepAliveSeconds: 30,
    usernameSuffix: '&ClientVersion=c%2F1.1.8(ard%3Besp32)',
    token: { spell: lowerCase, skn: undefined },
    subscribeQos: 0,
    publishQos: 0,
    registerRid: () => '1',
    registerBody: (registrationId) =>
      JSON.stringify({ registrationId, payload: { modelId: 'dtmi:azureiot:devkit:freertos:Esp32AzureIotKit;1' } }),
    pollRid: () => '1',
    pollQos: 0,
    pollBody: '',
    notes: { connect: noSkn },
  },
  {
    name: 'ESP-IDF with esp-mqtt',
    source: 'a public ESP-IDF project on Azure SDK for C and esp_mqtt_client, its resource corrected',
    cleanSession: true,
    keepAliveSeconds: 120,
    usernameSuffix: '',
    token: { spell: (resource) => resource, skn: undefined },
    subscribeQos: 1,
    publishQos: 1,
    registerRid: () => '1',
    registerBody: bodyOf,
    pollRid: () => '2',
    pollQos: 1,
    pollBody: '',
    notes: { connect: noSkn },
  },
  {
    name: 'Nordic’s library on Zephyr, with a certificate',
    source: 'nrfconnect/sdk-nrf, 2020: subsys/net/lib/azure_iot_hub/src/azure_iot_hub_dps.c',
    cleanSession: true,
    keepAliveSeconds: 60,
    usernameSuffix: '',
    token: undefined,
    subscribeQos: 0,
    publishQos: 1,
    registerRid: (registrationId) => registrationId,
    registerBody: (registrationId) => `{registrationId:"${registrationId}"}`,
    pollRid: (registrationId) => registrationId,
    pollQos: 1,
    pollBody: '',
    notes: { register: 'the body has names without quotes' },
  },
  {
    name: 'Microchip’s RNWF modules, without a registrationId in the body',
    source: 'Microchip’s azure_pnp sample for AVR: rnwf_mqtt_service.c',
    cleanSession: true,
    keepAliveSeconds: 60,
    usernameSuffix: '',
    token: undefined,
    subscribeQos: 0,
    publishQos: 0,
    registerRid: () => '1',
    registerBody: () => '{"payload" : {"modelId" : "dtmi:com:Microchip:AVR128DB48_CNANO;1"}}',
    pollRid: () => '2',
    pollQos: 0,
    pollBody: '',
    notes: { register: 'the body has no registrationId' },
  },
];
