import type { Stats } from '../api/types';

/** What the page knows of the fleet. `absent`: this server does not tell. */
export type Fleet =
  | { readonly is: 'unknown' }
  | { readonly is: 'absent' }
  | { readonly is: 'live' | 'lost'; readonly stats: Stats | null };

/** Every two seconds shows a change soon; one answer costs the server next to nothing. */
const POLL_MS = 2_000;
const POLL_MAX_MS = 30_000;

/** An answer that takes longer is none. */
const ANSWER_MAX_MS = 5_000;

/** When to ask again after `failures` in a row: twice as late each time. */
export function pollDelayMs(failures: number): number {
  return Math.min(POLL_MAX_MS, POLL_MS * 2 ** failures);
}

/** One look at the fleet; throws where it cannot be had. */
export async function lookAtFleet(signal: AbortSignal): Promise<Fleet> {
  const within = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MAX_MS)]);
  const response = await fetch('/stats', { signal: within });
  if (response.status === 404) return { is: 'absent' };
  if (!response.ok) throw new Error(`GET /stats answers ${response.status}`);
  const stats: unknown = await response.json();
  if (!isStats(stats)) throw new Error('GET /stats answers something else');
  return { is: 'live', stats };
}

/** As much as the strip cannot do without: what answers here may be a proxy. */
function isStats(value: unknown): value is Stats {
  if (typeof value !== 'object' || value === null) return false;
  return (
    'jobsPerSecond' in value &&
    typeof value.jobsPerSecond === 'number' &&
    'queue' in value &&
    typeof value.queue === 'object' &&
    value.queue !== null &&
    'workers' in value &&
    Array.isArray(value.workers)
  );
}

/** All slots of the fleet, and those at work. */
export function slotsOf({ workers }: Pick<Stats, 'workers'>) {
  return {
    busy: workers.reduce((sum, { busy }) => sum + busy, 0),
    slots: workers.reduce((sum, { slots }) => sum + slots, 0),
  };
}
