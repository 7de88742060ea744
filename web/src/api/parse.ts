import {
  type Admission,
  type JobState,
  type Limits,
  type Problem,
  STATUSES,
  type Stats,
  type Status,
} from './types';

/** What the page relies on is looked at; the rest is the schemas' promise. */

export function isJobState(value: unknown): value is JobState {
  return (
    isRecord(value) &&
    typeof value.jobId === 'string' &&
    isStatus(value.status) &&
    typeof value.attempt === 'number' &&
    isRecord(value.timings) &&
    isAddress(value.url)
  );
}

export function isAdmission(value: unknown): value is Admission {
  return (
    isRecord(value) &&
    typeof value.jobId === 'string' &&
    isStatus(value.status) &&
    isAddress(value.url)
  );
}

export function isProblem(value: unknown): value is Problem {
  return (
    isRecord(value) &&
    typeof value.type === 'string' &&
    typeof value.title === 'string' &&
    typeof value.status === 'number' &&
    typeof value.detail === 'string'
  );
}

export function isLimits(value: unknown): value is Limits {
  return (
    isRecord(value) &&
    typeof value.imageBytesMax === 'number' &&
    typeof value.pixelsMax === 'number' &&
    typeof value.sideMax === 'number' &&
    typeof value.eventsJobsMax === 'number'
  );
}

export function isStats(value: unknown): value is Stats {
  return (
    isRecord(value) &&
    typeof value.jobsPerSecond === 'number' &&
    isRecord(value.queue) &&
    Array.isArray(value.workers)
  );
}

/** A job by its name, as in the frame of one that the server does not know. */
export function isNamed(value: unknown): value is { readonly jobId: string } {
  return isRecord(value) && typeof value.jobId === 'string';
}

/** A path on this server, which a link may lead to; null before there is a result. */
function isAddress(value: unknown): value is string | null {
  return value === null || (typeof value === 'string' && /^\/(?![/\\])/.test(value));
}

function isStatus(value: unknown): value is Status {
  return STATUSES.some((status) => status === value);
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
