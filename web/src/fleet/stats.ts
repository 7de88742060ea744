import { isStats } from '../api/parse';
import { ask, ServerError } from '../api/server';
import type { Stats } from '../api/types';

/** What the page knows of the fleet. `absent`: this server does not tell. `barred`: not without another key. */
export type Fleet =
  | { readonly is: 'unknown' }
  | { readonly is: 'absent' | 'barred' }
  | { readonly is: 'live' | 'lost'; readonly stats: Stats | null };

/** Every two seconds shows a change soon; one answer costs the server next to nothing. */
const POLL_MS = 2_000;
const POLL_MAX_MS = 30_000;

/** When to ask again after `failures` in a row: twice as late each time. */
export function pollDelayMs(failures: number): number {
  return Math.min(POLL_MAX_MS, POLL_MS * 2 ** failures);
}

/** One look at the fleet; throws where it cannot be had. */
export async function lookAtFleet(signal: AbortSignal): Promise<Fleet> {
  try {
    return { is: 'live', stats: await ask('/stats', isStats, 'GET', signal) };
  } catch (error) {
    if (error instanceof ServerError && error.problem.status === 404) return { is: 'absent' };
    if (error instanceof ServerError && error.isBarred) return { is: 'barred' };
    throw error;
  }
}

/** All slots of the fleet, and those at work. */
export function slotsOf({ workers }: Pick<Stats, 'workers'>) {
  return {
    busy: workers.reduce((sum, { busy }) => sum + busy, 0),
    slots: workers.reduce((sum, { slots }) => sum + slots, 0),
  };
}
