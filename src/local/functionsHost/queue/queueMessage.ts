/** Converts a queue message to a function's input, as the real host does. */
import type { DequeuedMessageItem } from '@azure/storage-queue';
import type { RpcTypedData } from '../coreTypes.ts';
import type { QueueOptions } from '../hostConfig.ts';

/** Decodes a message. Undefined when it is not in this encoding: the host then moves it to the poison queue without a call. */
export function decodeMessage(messageText: string, encoding: QueueOptions['messageEncoding']): string | undefined {
  if (encoding === 'none') return messageText;
  const isBase64 = messageText.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(messageText);
  return isBase64 ? Buffer.from(messageText, 'base64').toString('utf8') : undefined;
}

export function encodeMessage(text: string, encoding: QueueOptions['messageEncoding']): string {
  return encoding === 'none' ? text : Buffer.from(text, 'utf8').toString('base64');
}

/**
 * `context.triggerMetadata`. As in the real host, top-level properties of a JSON body are added as text and replace the message's own,
 * ignoring case: a body with `id` hides the message's ID.
 */
export function toTriggerMetadata(message: DequeuedMessageItem, text: string): Record<string, RpcTypedData> {
  const time = (value: Date): RpcTypedData => ({
    json: JSON.stringify(value.toISOString().replace(/(\.\d+)?Z$/, '+00:00')),
  });
  const metadata: Record<string, RpcTypedData> = {
    QueueTrigger: { string: text },
    DequeueCount: { int: message.dequeueCount },
    ExpirationTime: time(message.expiresOn),
    Id: { string: message.messageId },
    InsertionTime: time(message.insertedOn),
    NextVisibleTime: time(message.nextVisibleOn),
    PopReceipt: { string: message.popReceipt },
  };
  for (const [name, value] of Object.entries(parseObject(text))) {
    const data = toBindingData(value);
    if (data === undefined) continue;
    const existing = Object.keys(metadata).find((key) => key.toLowerCase() === name.toLowerCase());
    metadata[existing ?? name] = data;
  }
  return metadata;
}

function parseObject(text: string): object {
  if (!text.trimStart().startsWith('{')) return {};
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

/** The real host keeps objects, omits arrays and null, and converts all other values to .NET's text. */
function toBindingData(value: unknown): RpcTypedData | undefined {
  if (value === null || Array.isArray(value)) return undefined;
  if (typeof value === 'object') return { json: JSON.stringify(value) };
  if (typeof value === 'boolean') return { string: value ? 'True' : 'False' };
  return { string: String(value) };
}
