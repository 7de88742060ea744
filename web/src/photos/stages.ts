import { ServerError } from '../api/server';
import { type Admission, isFinal, type JobState, type Problem } from '../api/types';
import type { Detour, Job, Photo, Stage } from './photo';

/** Every step of a photo from one stage to the next, without a clock, a server or a screen. */

/** Uploads at once: a browser opens six connections to a host, one is the stream of events, one its wider successor, and
 * one is left for a picture that somebody looks at. */
const UPLOADS_MAX = 3;
/** Detours that are kept of a job; the server gives up long before. */
const DETOURS_MAX = 20;

type Of<At extends Stage['at']> = Extract<Stage, { at: At }>;

/** The photos that may be sent now, in the order in which they came. A server that asked to be left alone is, by all. */
export function nextToSend(photos: readonly Photo[], nowMs: number): Photo[] {
  if ((heldUntilMs(photos) ?? 0) > nowMs) return [];
  const places = UPLOADS_MAX - photos.filter(({ stage }) => stage.at === 'uploading').length;
  return photos.filter(({ stage }) => stage.at === 'waiting').slice(0, Math.max(0, places));
}

/** When the last of those that were put off may be tried again. */
export function heldUntilMs(photos: readonly Photo[]): number | null {
  const times = photos.flatMap(({ stage }) =>
    stage.at === 'waiting' && stage.retryAtMs !== undefined ? [stage.retryAtMs] : [],
  );
  return times.length > 0 ? Math.max(...times) : null;
}

/** What becomes of an upload that failed: what may pass is tried again, what the server refused is said. What lacks a key is
 * no failure of the photo's: it waits. */
export function failed(error: unknown, retryAtMs: number): Of<'waiting'> | Of<'unsent'> {
  const problem = problemOf(error);
  if (problem.status === 401) return { at: 'waiting' };
  if (error instanceof ServerError && error.mayPass) return { at: 'waiting', retryAtMs, problem };
  return { at: 'unsent', problem };
}

export function problemOf(error: unknown): Problem {
  if (error instanceof ServerError) return error.problem;
  return { type: 'about:blank', title: 'Page failed', status: 0, detail: String(error) };
}

/** The server has taken it in. */
export function admitted(admission: Admission, cached: boolean): Of<'accepted'> {
  const { jobId, status, url, error = null, degraded = false } = admission;
  const state: JobState = { jobId, status, attempt: 0, url, timings: {}, error, degraded };
  return { at: 'accepted', job: { state, cached, detours: [], cancelling: false, unknown: false } };
}

/** What the stream tells of a job. One that has ended goes on only when it is uploaded again, and a server whose records
 * are away knows less than was known before. */
export function told(job: Job, state: JobState): Job {
  if (isFinal(job.state.status) && !isFinal(state.status)) return job;
  if (job.state.picture && state.status === 'done' && !state.picture) return job;
  const cancelling = job.cancelling && !isFinal(state.status);
  return { ...job, state, cancelling, unknown: false, detours: withDetour(job.detours, state) };
}

export type Ending = 'done' | 'failed' | 'cancelled';

/** How a photo ended; null where something may still happen to it by itself, or once the user begins. */
export function endingOf({ stage }: Photo): Ending | null {
  if (stage.at === 'refused' || stage.at === 'unsent') return 'failed';
  if (stage.at !== 'accepted' || isRunning(stage.job)) return null;
  const { status } = stage.job.state;
  if (stage.job.unknown || status === 'failed' || status === 'dead') return 'failed';
  return status === 'cancelled' ? 'cancelled' : 'done';
}

/** Whether there is news to come of a job. */
export function isRunning({ state, unknown }: Job): boolean {
  return !isFinal(state.status) && !unknown;
}

/** Whether the stream has something to say of it. Of a result, too: it is kept for a time only, and then it is gone. */
export function isFollowed(job: Job): boolean {
  return isRunning(job) || (job.state.status === 'done' && !job.unknown);
}

/** Whether sending it again may come to something else. */
export function isRetriable({ stage }: Photo): boolean {
  if (stage.at === 'accepted')
    return !isRunning(stage.job) && (stage.job.unknown || stage.job.state.status !== 'done');
  return stage.at === 'unsent';
}

/** Whether it is on its way, and nobody has called it back yet. */
export function isCancellable({ stage }: Photo): boolean {
  if (stage.at === 'accepted') return isRunning(stage.job) && !stage.job.cancelling;
  return stage.at === 'waiting' || stage.at === 'uploading';
}

/** The job of a photo, where it has one. */
export function jobOf({ stage }: Photo): Job | null {
  return stage.at === 'accepted' ? stage.job : null;
}

function withDetour(detours: readonly Detour[], state: JobState): readonly Detour[] {
  const { status, attempt, error } = state;
  const isNew = detours.at(-1)?.attempt !== attempt;
  if (status !== 'retrying' || !error || !isNew) return detours;
  return [...detours, { attempt, reason: error }].slice(-DETOURS_MAX);
}
