/** A share of 1 as a percentage that never rounds a failure away: 0.99999 is 99.99 %, and only all of it is 100 %. */
export function formatShare(share: number): string {
  if (share === 1) return '100\u00a0%';
  return `${(Math.floor(share * 10_000 + 1e-9) / 100).toFixed(2)}\u00a0%`;
}
