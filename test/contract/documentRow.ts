import type { DocumentTarget } from '../support/documentTarget.ts';
import type { ClientRuns } from './clientRuns.ts';

/** One sentence of Microsoft's document on DPS over MQTT that states a behaviour, and the checks that client and emulator conform to it. */
export interface DocumentRow {
  readonly id: `D${number}`;
  /** A quotation from the document; `…` marks omissions. */
  readonly quote: string;
  readonly meaning: string;
  /** Absent if the sentence does not require anything of a device. */
  readonly client?: ClientSide;
  readonly service: ServiceSide;
  /** A test file that covers it in more detail, and optionally the title of its test: `test/dps/a.test.ts, "title"`. */
  readonly alsoIn?: string;
}

export interface ClientSide {
  /** What our client does. */
  readonly does: string;
  readonly check: (runs: ClientRuns) => void;
}

export interface ServiceSide {
  /** What a raw client sees, when it follows the document and when it does not. */
  readonly does: string;
  /** `standIn`: not tried on a real service, because it would do harm, or because the document leaves open what a device sees. */
  readonly appliesTo: 'any' | 'standIn';
  readonly check: (target: DocumentTarget) => Promise<void>;
}
