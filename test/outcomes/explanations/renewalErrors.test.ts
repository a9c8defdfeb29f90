import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { issuanceErrors } from '../../../src/attestation/issuedCertificate.ts';
import { explainRenewal } from '../../../src/outcomes/explanations/renewalErrors.ts';

const page = await readFile(join(import.meta.dirname, '../../../docs/operational-certificates.md'), 'utf8');

describe('docs/operational-certificates.md', () => {
  it('names the causes in the order in which they are looked for', () => {
    const documented = [...page.matchAll(/^ {3}\| `(\w+)` \|/gm)].map(([, cause]) => cause);
    expect(documented).toEqual(issuanceErrors);
  });

  it('explains each code of a renewal that the product knows, and no other', () => {
    const documented = [...page.matchAll(/\b\d{6}\b/g)].map(([code]) => Number(code));
    const unknown = explainRenewal({ status: 418 }).meaning;
    const isKnown = (errorCode: number) => explainRenewal({ status: 418, errorCode }).meaning !== unknown;
    const known = Array.from({ length: 200_000 }, (_, index) => 400_000 + index).filter(isKnown);
    expect(documented.toSorted()).toEqual(known);
  });
});
