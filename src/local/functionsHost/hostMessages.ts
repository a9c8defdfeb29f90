/** Messages between a host process and its parent, over IPC. */
import type { LogLevel } from './coreTypes.ts';
import type { FunctionSummary } from './planFunctions.ts';

export type HostMessage =
  | { readonly type: 'listening'; readonly port: number; readonly functions: readonly FunctionSummary[] }
  | {
      readonly type: 'log';
      readonly level: LogLevel;
      readonly category: string;
      readonly message: string;
      readonly functionName?: string;
      readonly invocationId?: string;
    }
  /** The process ends after this. The message is a sentence with the next step, or the stack of a bug. */
  | { readonly type: 'error'; readonly message: string };

export interface ParentMessage {
  readonly type: 'stop';
}
