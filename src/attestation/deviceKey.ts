import { createHmac } from 'node:crypto';

/**
 * Decodes a symmetric key as DPS hands it out: standard base64.
 * @returns undefined where the text is none; the text itself never goes into a message.
 */
export function decodeKey(base64: string): Buffer | undefined {
  const text = base64.trim();
  if (text.length === 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(text) || text.length % 4 !== 0) return undefined;
  return Buffer.from(text, 'base64');
}

/**
 * The key of one device of a group enrollment: HMAC-SHA256 of its registrationId under the group's key (DPS documentation,
 * "Symmetric key attestation", group enrollments).
 */
export function deriveDeviceKey(groupKey: Buffer, registrationId: string): Buffer {
  return createHmac('sha256', groupKey).update(registrationId, 'utf8').digest();
}
