import { isJobState } from './parse';
import { ask } from './server';
import type { JobState } from './types';

/** Takes a job back. Refused with 409 where it has ended. */
export function cancelJob(jobId: string): Promise<JobState> {
  return ask(`/status/${jobId}`, isJobState, 'DELETE');
}
