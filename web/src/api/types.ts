/** What the public API says, as far as the page reads it. The schemas in `schemas/json` are the contract. */

export const STATUSES = [
  'queued',
  'processing',
  'retrying',
  'done',
  'failed',
  'dead',
  'cancelled',
] as const;

/** A job's status, the same word in JSON, event names and on the screen. */
export type Status = (typeof STATUSES)[number];

/** The steps of a job, in the order in which they happen. */
export const STEPS = [
  'read',
  'hash',
  'store',
  'queue',
  'fetch',
  'decode',
  'resize',
  'watermark',
  'encode',
  'save',
] as const;

export type Step = (typeof STEPS)[number];

/** Milliseconds per step that has ended, and from the upload's first byte to the saved result. */
export type Timings = Partial<Record<Step | 'total', number>>;

export const OUTPUT_FORMATS = ['jpeg', 'webp', 'avif', 'png'] as const;
export type OutputFormat = (typeof OUTPUT_FORMATS)[number];

/** How a result was written, and so how much of the picture it lost. */
export type Written = 'lossless' | 'as_source' | 'spliced' | { readonly quality: number };

/** What a result is. */
export interface Picture {
  readonly format: OutputFormat;
  readonly width: number;
  readonly height: number;
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly contrast?: number;
  readonly written?: Written;
}

/** Why a job is not done: a word for programs, a sentence for people. */
export interface Failure {
  readonly code: string;
  readonly message: string;
}

/** Where a job stands: what `GET /status/{id}` answers and every event carries. */
export interface JobState {
  readonly jobId: string;
  readonly status: Status;
  /** Attempts begun; 0 before the first. */
  readonly attempt: number;
  readonly url: string | null;
  readonly picture?: Picture;
  readonly timings: Timings;
  readonly error: Failure | null;
  /** The records are away, so this is what others know. */
  readonly degraded?: boolean;
  /** It stands for others that are not told any more. */
  readonly snapshot?: boolean;
}

/** What `POST /upload` answers in JSON. */
export interface Admission {
  readonly jobId: string;
  readonly status: Status;
  readonly url: string | null;
  readonly statusUrl: string;
  readonly error?: Failure;
  readonly degraded?: boolean;
}

/** What `GET /limits` answers. */
export interface Limits {
  readonly imageBytesMax: number;
  readonly logoBytesMax: number;
  readonly logoPixelsMax: number;
  readonly textCharsMax: number;
  readonly pixelsMax: number;
  readonly sideMax: number;
  readonly framesMax: number;
  readonly animationPixelsMax: number;
  readonly uploadsMax: number;
  readonly eventsJobsMax: number;
}

/** The median, and what 95 of 100 stay below. */
export interface Quantiles {
  readonly p50: number;
  readonly p95: number;
}

/** A worker, by its last heartbeat. */
export interface WorkerBeat {
  /** Drawn at its start: two workers may have one name. */
  readonly id: string;
  readonly name: string;
  readonly slots: number;
  readonly busy: number;
  readonly jobsPerSecond: number;
  readonly startedAtMs: number;
  readonly heartbeatAgeMs: number;
  readonly draining: boolean;
}

/** What `GET /stats` answers. */
export interface Stats {
  readonly windowSecs: number;
  readonly jobsPerSecond: number;
  readonly jobs: Readonly<Record<'done' | 'failed' | 'dead' | 'retrying', number>>;
  readonly totalMs: Quantiles | null;
  readonly stepsMs: Readonly<Partial<Record<Step, Quantiles>>>;
  readonly queue: { readonly depth: number | null; readonly oldestAgeMs: number | null };
  readonly workers: readonly WorkerBeat[];
  readonly degraded: boolean;
}

/** A refusal, RFC 9457. `status` is 0 where the server could not be reached. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly field?: string;
  readonly measured?: number;
  readonly limit?: number;
}

/** Whether nothing more happens to a job by itself. */
export function isFinal(status: Status): boolean {
  return status === 'done' || status === 'failed' || status === 'dead' || status === 'cancelled';
}
