import type { Events, Listener } from '../api/events';
import type { JobState, Limits } from '../api/types';
import type { Sent, Upload } from '../api/upload';
import type { Inspected } from './precheck';
import type { Shelf } from './shelf';
import type { MakeThumbnail } from './thumbnails';

/** Everything that the board does outside of itself, so that its rules are tested without a browser. */
export interface Effects {
  readonly send: (upload: Upload) => Promise<Sent>;
  /** Whether the server takes nothing before there is a key. */
  readonly isLocked: () => boolean;
  readonly cancel: (jobId: string) => Promise<JobState>;
  readonly limits: () => Promise<Limits>;
  readonly events: (listener: Listener) => Following;
  readonly inspect: (file: Blob) => Promise<Inspected>;
  readonly thumbnail: MakeThumbnail;
  readonly shelf: () => Promise<Shelf>;
  readonly makeUrl: (blob: Blob) => string;
  readonly revokeUrl: (url: string) => void;
  readonly nowMs: () => number;
  readonly random: () => number;
  readonly newId: () => string;
}

export type Following = Pick<Events, 'follow' | 'forget' | 'hurry' | 'jobsMax'>;
