/** Queue output bindings: sends a handler's outputs as messages after it has succeeded. */
import type { QueueServiceClient } from '@azure/storage-queue';
import { z } from 'zod';
import { type Environment, resolveSetting } from '../appSettings.ts';
import type { FunctionMetadata, RpcInvocationResponse, RpcTypedData } from '../coreTypes.ts';
import type { QueueOptions } from '../hostConfig.ts';
import { encodeMessage } from './queueMessage.ts';

const bindingSchema = z.object({ queueName: z.string(), connection: z.string().default('AzureWebJobsStorage') });

export type ConnectQueues = (connection: string) => Promise<QueueServiceClient>;

/** Sends the outputs of one invocation. Rejects when the storage fails, which fails the invocation. */
export async function sendQueueOutputs(
  { name, bindings }: FunctionMetadata,
  response: RpcInvocationResponse,
  { messageEncoding }: QueueOptions,
  environment: Environment,
  connect: ConnectQueues,
): Promise<void> {
  for (const [bindingName, binding] of Object.entries(bindings)) {
    if (binding.type !== 'queue' || binding.direction !== 'out') continue;
    const data =
      bindingName === '$return'
        ? response.returnValue
        : response.outputData?.find((output) => output.name === bindingName)?.data;
    const texts = messageTexts(data);
    if (texts.length === 0) continue;
    const { queueName, connection } = bindingSchema.parse(binding);
    const service = await connect(connection || 'AzureWebJobsStorage');
    const queue = service.getQueueClient(resolveSetting(queueName, environment, name));
    await queue.createIfNotExists();
    for (const text of texts) await queue.sendMessage(encodeMessage(text, messageEncoding));
  }
}

/** Each item of an array is a message. JSON text is re-indented, as in the real host. */
function messageTexts(data: RpcTypedData | null | undefined): string[] {
  if (data === null || data === undefined) return [];
  if (data.bytes !== undefined) return [Buffer.from(data.bytes).toString('utf8')];
  if (data.string !== undefined) return [reindent(data.string)];
  if (data.json !== undefined) {
    const value: unknown = JSON.parse(data.json);
    const items: unknown[] = Array.isArray(value) ? value : [value];
    return items.map((item) => (typeof item === 'string' ? item : JSON.stringify(item, undefined, 2)));
  }
  return [String(data.int ?? data.double)];
}

function reindent(text: string): string {
  if (!/^\s*[{[]/.test(text)) return text;
  try {
    return JSON.stringify(JSON.parse(text), undefined, 2);
  } catch {
    return text;
  }
}
