/** Longest pause between two tries: who looks at the page sees within it that the server is back. */
const PAUSE_MS_MAX = 15_000;

/**
 * How long to wait after so many failures in a row: twice as long each time, and up to a quarter more or less by lot, so
 * that the pages of a server that came back do not come back together. `random` is uniform in 0..1.
 */
export function pauseMs(failures: number, firstMs: number, random: number): number {
  const doubled = firstMs * 2 ** Math.max(0, failures - 1);
  return Math.round(Math.min(PAUSE_MS_MAX, doubled) * (0.75 + random / 2));
}
