import { pauseMs } from '../api/backoff';
import { ServerError } from '../api/server';
import type { JobState } from '../api/types';
import type { Album } from './album';
import type { Effects } from './effects';
import type { Job } from './photo';
import { isRunning, jobOf } from './stages';

/** A server that is away for longer has the job done by the time it is back. */
const TRIES_MAX = 5;
const PAUSE_MS = 1000;

/** Takes jobs back, and tries again where that may pass. */
export class Canceller {
  readonly #album: Album;
  readonly #effects: Effects;
  readonly #onCancelled: (state: JobState) => void;

  constructor(album: Album, effects: Effects, onCancelled: (state: JobState) => void) {
    this.#album = album;
    this.#effects = effects;
    this.#onCancelled = onCancelled;
  }

  async cancel(jobId: string): Promise<void> {
    this.#mark(jobId, true);
    for (let tries = 1; this.#isWanted(jobId); tries++) {
      try {
        return this.#onCancelled(await this.#effects.cancel(jobId));
      } catch (error) {
        if (tries >= TRIES_MAX || !(error instanceof ServerError) || !error.mayPass) break;
        await this.#pause(error, tries);
      }
    }
    // It has ended by itself, or goes on: the stream tells which.
    this.#mark(jobId, false);
  }

  /** Nobody sent it again meanwhile, and it has not ended; of a photo that was removed nobody knows. */
  #isWanted(jobId: string): boolean {
    const jobs = this.#album.photos.map(jobOf).filter((job) => job?.state.jobId === jobId);
    return jobs.every((job) => job?.cancelling && isRunning(job));
  }

  #pause(error: ServerError, tries: number): Promise<void> {
    const ms = error.retryAfterMs ?? pauseMs(tries, PAUSE_MS, this.#effects.random());
    return new Promise((resolve) => setTimeout(resolve, ms));
  }

  #mark(jobId: string, cancelling: boolean): void {
    const marked = (job: Job): Job => ({ ...job, cancelling });
    this.#album.changeJob(jobId, marked);
  }
}
