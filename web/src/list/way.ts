import { STEPS, type Step } from '../api/types';
import type { Job } from '../photos/photo';

/** One step of a job's way, as it stands now. */
export interface Leg {
  readonly step: Step;
  readonly is: LegState;
  /** What it took; null where it was not timed, or not yet. */
  readonly ms: number | null;
}

/** `skipped`: the job went past it. `missed`: the job ended before it. */
export type LegState = 'ahead' | 'running' | 'over' | 'skipped' | 'broken' | 'missed';

/** Where a worker begins: a job that is processed has left the queue. */
const FIRST_AT_WORK = STEPS.indexOf('fetch');
const QUEUE = STEPS.indexOf('queue');
const LAST = STEPS.length - 1;

/** The job's way, step by step, as far as its state tells. */
export function legsOf({ state }: Job): readonly Leg[] {
  const reached = reachedBy(state.timings);
  const here = standsAt(state.status, reached);
  return STEPS.map((step, index) => {
    const ms = state.timings[step] ?? null;
    return { step, ms, is: ms === null ? untimed(state.status, index, here) : 'over' };
  });
}

/** The part of the bar that each leg gets: equal while it is under way, as long as it took once it is done. */
export function sharesOf(legs: readonly Leg[], done: boolean): readonly number[] {
  if (!done) return legs.map(() => 1);
  const all = legs.reduce((sum, leg) => sum + (leg.ms ?? 0), 0);
  return legs.map(({ ms }) => (ms === null || all === 0 ? 0 : ms / all));
}

/** The step that took the longest, where one did: the one to look at. */
export function longestOf(legs: readonly Leg[]): Step | null {
  const timed = legs.filter(({ ms }) => ms !== null && ms > 0);
  if (timed.length < 2) return null;
  return timed.reduce((longest, leg) => ((leg.ms ?? 0) > (longest.ms ?? 0) ? leg : longest)).step;
}

/** The step after the last one that was timed. */
function reachedBy(timings: Job['state']['timings']): number {
  return STEPS.findLastIndex((step) => timings[step] !== undefined) + 1;
}

/** The step at which the job is now, or was when it ended. */
function standsAt(status: Job['state']['status'], reached: number): number {
  switch (status) {
    case 'queued':
    case 'retrying':
      return QUEUE;
    case 'processing':
      return Math.min(LAST, Math.max(reached, FIRST_AT_WORK));
    default:
      return reached;
  }
}

function untimed(status: Job['state']['status'], index: number, here: number): LegState {
  if (status === 'done' || index < here) return 'skipped';
  if (status === 'cancelled') return 'missed';
  const ended = status === 'failed' || status === 'dead';
  if (index > here) return ended ? 'missed' : 'ahead';
  return ended ? 'broken' : 'running';
}
