import { type Ingestion, parseIngestion } from '../../src/config/applicationInsights.ts';

/** Of a connection string that is valid. */
export function ingestionOf(connectionString: string, authenticationString?: string): Ingestion {
  const parsed = parseIngestion(connectionString, authenticationString);
  if (parsed.kind !== 'valid') throw new Error(`not a connection string that the product accepts: ${parsed.kind}`);
  return parsed.ingestion;
}
