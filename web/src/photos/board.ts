import type { Connection } from '../api/events';
import type { Limits } from '../api/types';
import type { Order } from '../mark/mark';
import type { Photo } from './photo';

/** All photos of the page, and what can be done with them. React reads it by `useSyncExternalStore`. */
export interface Board {
  readonly subscribe: (listener: () => void) => () => void;
  /** The same object until something changes. */
  readonly snapshot: () => BoardState;
  /** Takes files in; those that the server would refuse are refused here. */
  add(files: readonly File[]): void;
  /** Sends every chosen photo with this order, a few at a time. */
  start(order: Order): void;
  /** No further upload begins; those on their way are stopped and begin again at `resume`. */
  pause(): void;
  resume(): void;
  /** Sends a photo again that the server refused or whose job ended without a result; with another order where one is
   * given, because the one before may be what was refused. */
  retry(id: string, order?: Order): void;
  /** Stops an upload, or takes the job back. */
  cancel(id: string): void;
  /** Takes a photo off the page; one that is still on its way is cancelled first. */
  remove(id: string): void;
  /** Takes everything off the page that has ended. */
  removeEnded(): void;
  /** A result could not be fetched: asks the server anew which of them it still knows. */
  recheck(): void;
  /** The file, where the page still has it. */
  file(id: string): File | null;
}

export interface BoardState {
  /** In the order in which they came. */
  readonly photos: readonly Photo[];
  /** Whether what was kept is back: before that, no photos are not none. */
  readonly restored: boolean;
  readonly paused: boolean;
  readonly connection: Connection;
  /** Null until the server has told them. */
  readonly limits: Limits | null;
}

export type { Connection };

/** Photos on the page at once. */
export const PHOTOS_MAX = 100;
