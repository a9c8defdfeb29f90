import { connectingRows } from './connectingRows.ts';
import type { DocumentRow } from './documentRow.ts';
import { provisioningRows } from './provisioningRows.ts';
import { sessionRows } from './sessionRows.ts';

/** One row for each sentence of Microsoft's document on DPS over MQTT that states a behaviour, in the document's order. */
export const documentRows: readonly DocumentRow[] = [...connectingRows, ...sessionRows, ...provisioningRows];
