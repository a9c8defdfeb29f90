import { plantedSecrets } from './plantedSecrets.ts';

/** Values that users paste instead of the name of a secret. All are generated here and are not valid anywhere. */
const key = Buffer.from(plantedSecrets.groupKey, 'base64');

export const sampleSecrets: Readonly<Record<string, string>> = {
  'a key of 32 bytes in base64': key.subarray(0, 32).toString('base64'),
  'a key of 64 bytes in base64': key.toString('base64'),
  'a key of 48 bytes in base64 that happens to be letters and digits': key
    .subarray(0, 48)
    .toString('base64')
    .replace(/[+/]/g, 'x'),
  'a key of 32 bytes in hexadecimal': key.subarray(0, 32).toString('hex'),
  'a private key as PEM': plantedSecrets.certificateKey,
  'an IoT Hub connection string': `HostName=h.azure-devices.net;SharedAccessKeyName=device;SharedAccessKey=${key.toString('base64')}`,
  'a storage connection string': plantedSecrets.connectionString,
  'a SAS token': plantedSecrets.sasToken,
  'a JSON web token': `eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.${key.toString('base64url')}`,
};
