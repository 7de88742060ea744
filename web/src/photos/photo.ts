import type { Failure, JobState, Problem } from '../api/types';

/** Width and height in pixels, upright. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** A photo on the page, from the drop to the download. */
export interface Photo {
  /** The page's own; a job has one of its own once there is one. */
  readonly id: string;
  readonly filename: string;
  readonly sizeBytes: number;
  /** What its bytes say it is, for example `image/jpeg`; empty where they say nothing known. */
  readonly mediaType: string;
  /** Null until it was read, and where this browser cannot read it. */
  readonly size: Size | null;
  /** An object URL, a few hundred pixels; null as above. */
  readonly thumbnailUrl: string | null;
  /** An object URL of the file; null where the page does not have it any more, or the browser cannot show it. */
  readonly originalUrl: string | null;
  readonly stage: Stage;
}

/** How far a photo has come. */
export type Stage =
  /** The page refuses it: the server would. */
  | { readonly at: 'refused'; readonly refusal: Refusal }
  /** It waits for the user to begin. */
  | { readonly at: 'chosen' }
  /** It waits for its turn to be uploaded; with a time where the server asked to come back later, and why. */
  | { readonly at: 'waiting'; readonly retryAtMs?: number; readonly problem?: Problem }
  | { readonly at: 'uploading'; readonly sentBytes: number; readonly totalBytes: number }
  /** The server refused the upload. */
  | { readonly at: 'unsent'; readonly problem: Problem }
  /** The server has it; the last word is in the job's state. */
  | { readonly at: 'accepted'; readonly job: Job };

/** What the page knows of a job. */
export interface Job {
  readonly state: JobState;
  /** Attempts that failed for a reason that may pass, oldest first. */
  readonly detours: readonly Detour[];
  /** The result was there before the upload. */
  readonly cached: boolean;
  /** The user asked to take it back; the server has not answered yet. */
  readonly cancelling: boolean;
  /** The server knows nothing of it (any more). */
  readonly unknown: boolean;
}

export interface Detour {
  readonly attempt: number;
  readonly reason: Failure;
}

/** Why the page refuses a photo, with what was measured and what is allowed. */
export type Refusal =
  | { readonly why: 'not-an-image'; readonly begins: string }
  | {
      readonly why: 'format-not-read';
      readonly format: 'HEIC' | 'SVG' | 'PDF' | 'PSD' | 'RAW' | 'BigTIFF';
    }
  | { readonly why: 'empty' }
  | { readonly why: 'too-many-bytes'; readonly measured: number; readonly limit: number }
  | { readonly why: 'too-many-pixels'; readonly measured: number; readonly limit: number }
  | { readonly why: 'side-too-long'; readonly measured: number; readonly limit: number }
  | { readonly why: 'too-many-photos'; readonly measured: number; readonly limit: number };

/** Whether its result can be fetched, as far as the page knows. */
export function isDone(photo: Photo): boolean {
  if (photo.stage.at !== 'accepted') return false;
  const { state, unknown } = photo.stage.job;
  return state.status === 'done' && !unknown;
}
