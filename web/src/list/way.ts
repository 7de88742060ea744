import { type JobState, STEPS, type Step } from '../api/types';
import type { Job } from '../photos/photo';

/** One step of a job's way, as it stands now. */
export interface Leg {
  readonly step: Step;
  readonly is: LegState;
  /** What it took; null where it was not timed, or not yet. */
  readonly ms: number | null;
}

/** `skipped`: the job went past it, and nobody says when. `missed`: the job ended before it. */
export type LegState = 'ahead' | 'running' | 'over' | 'skipped' | 'broken' | 'missed';

/** Where a worker begins: a job that is processed has left the queue. */
const FIRST_AT_WORK = STEPS.indexOf('fetch');
const QUEUE = STEPS.indexOf('queue');
const LAST = STEPS.length - 1;

/** The job's way, step by step, as far as its state tells. */
export function legsOf({ state }: Job): readonly Leg[] {
  const here = standsAt(state);
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
function standsAt(state: JobState): number {
  const reached = reachedBy(state.timings);
  switch (state.status) {
    case 'queued':
    case 'retrying':
      return QUEUE;
    case 'processing':
      return Math.min(LAST, Math.max(reached, FIRST_AT_WORK));
    case 'failed':
    case 'dead':
      return brokeAt(state, reached);
    default:
      return reached;
  }
}

/** The server tells of a job that a worker gave up no more than of one that waits, and why: which tells where. */
function brokeAt({ attempt, error }: JobState, reached: number): number {
  if (attempt === 0 || reached > QUEUE) return reached;
  const step = error ? STEP_OF_CODE.get(error.code) : undefined;
  return step ? STEPS.indexOf(step) : STEPS.length;
}

/** At which step a worker finds what is wrong. What may befall it at any step is not here. */
const STEP_OF_CODE: ReadonlyMap<string, Step> = new Map([
  ...stopsAt('fetch', 'original_missing', 'original_too_long', 'objects_unavailable'),
  ...stopsAt('decode', 'unknown_format', 'unsupported_format', 'broken_image', 'side_too_long'),
  ...stopsAt('decode', 'too_many_pixels', 'too_many_bytes', 'too_many_frames'),
  ...stopsAt('decode', 'too_many_animation_pixels'),
  ...stopsAt('watermark', 'missing_glyph', 'missing_font', 'no_mark'),
  ...stopsAt('watermark', 'unsupported_logo', 'logo_too_large', 'broken_logo'),
  ...stopsAt('encode', 'not_encodable', 'result_too_large'),
  ...stopsAt('save', 'result_too_long', 'results_unavailable'),
]);

function stopsAt(step: Step, ...codes: string[]): [string, Step][] {
  return codes.map((code) => [code, step]);
}

function untimed(status: Job['state']['status'], index: number, here: number): LegState {
  if (status === 'done' || index < here) return 'skipped';
  if (status === 'cancelled') return 'missed';
  const ended = status === 'failed' || status === 'dead';
  if (index > here) return ended ? 'missed' : 'ahead';
  return ended ? 'broken' : 'running';
}
