import type { Order } from '../mark/mark';
import type { Size, Stage } from './photo';

/** Where the page keeps what a reload must not lose. Keeping is a help and no promise: a shelf never fails aloud. */
export interface Shelf {
  /** What was kept, in the order in which it came. */
  load(): Promise<Contents>;
  put<K extends keyof Kept>(kind: K, id: string, value: Kept[K]): void;
  drop(kind: keyof Kept, id: string): void;
}

/** What is kept, by kind. Thumbnails and files are as large as they are rarely written, so they lie for themselves. */
export interface Kept {
  readonly photos: KeptPhoto;
  readonly thumbnails: Blob;
  readonly files: File;
  /** What photos were sent with: a logo is kept once, however many photos bear it. */
  readonly orders: Order;
  readonly page: KeptPage;
}

export interface KeptPhoto {
  readonly id: string;
  /** Its place on the page. */
  readonly position: number;
  readonly keptAtMs: number;
  readonly filename: string;
  readonly sizeBytes: number;
  readonly mediaType: string;
  readonly size: Size | null;
  readonly stage: Stage;
  readonly orderId: string | null;
}

export interface KeptPage {
  readonly paused: boolean;
}

export interface Contents {
  readonly photos: readonly KeptPhoto[];
  readonly thumbnails: ReadonlyMap<string, Blob>;
  readonly files: ReadonlyMap<string, File>;
  readonly orders: ReadonlyMap<string, Order>;
  readonly paused: boolean;
}

/** The key of the one thing that is kept of the page itself. */
export const PAGE = 'page';

export const NOTHING: Contents = {
  photos: [],
  thumbnails: new Map(),
  files: new Map(),
  orders: new Map(),
  paused: false,
};

/** A shelf that forgets, where the browser keeps nothing. */
export const NO_SHELF: Shelf = {
  load: async () => NOTHING,
  put: () => {},
  drop: () => {},
};
