import type { DocumentTarget } from '../support/documentTarget.ts';
import type { ClientRuns } from './clientRuns.ts';

/** One sentence of Microsoft's document on DPS over MQTT that states a behaviour, and how either side is seen to keep to it. */
export interface DocumentRow {
  readonly id: `D${number}`;
  /** The document's own words; `…` where some are left out. */
  readonly italian: string;
  readonly meaning: string;
  /** Where the sentence asks nothing of a device, it is left out. */
  readonly client?: ClientSide;
  readonly service: ServiceSide;
  /** Where else it is shown, in more detail. */
  readonly alsoIn?: string;
}

export interface ClientSide {
  /** What ours does. */
  readonly does: string;
  readonly check: (runs: ClientRuns) => void;
}

export interface ServiceSide {
  /** What it does to a raw client, right or wrong. */
  readonly does: string;
  /** `standIn`: not asked of a real service, where it would do harm, or where the document leaves open what is seen. */
  readonly appliesTo: 'any' | 'standIn';
  readonly check: (target: DocumentTarget) => Promise<void>;
}
