import type { Order } from '../mark/mark';
import type { BoardState } from './board';
import type { Job, Photo, Stage } from './photo';
import { jobOf } from './stages';

/** What is held of a photo besides what is shown of it. */
export interface Held {
  /** Null where the page does not have it any more. */
  readonly file: File | null;
  /** What it is sent with, once somebody began. */
  readonly order: Sealed | null;
  readonly thumbnail: Blob | null;
  /** Its place on the page, higher than of all before it. */
  readonly position: number;
}

/** An order as it was when it was given, with a name to keep it by. */
export interface Sealed {
  readonly id: string;
  readonly order: Order;
}

const EMPTY: BoardState = {
  photos: [],
  restored: false,
  paused: false,
  connection: 'idle',
  limits: null,
};

/** The photos of the page, and who wants to know of them. */
export class Album {
  #state = EMPTY;
  readonly #held = new Map<string, Held>();
  readonly #listeners = new Set<() => void>();
  #position = 0;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly snapshot = (): BoardState => this.#state;

  get photos(): readonly Photo[] {
    return this.#state.photos;
  }

  photo(id: string): Photo | undefined {
    return this.photos.find((photo) => photo.id === id);
  }

  held(id: string): Held | undefined {
    return this.#held.get(id);
  }

  set(state: Partial<BoardState>): void {
    this.#state = { ...this.#state, ...state };
    for (const listener of this.#listeners) listener();
  }

  /** Adds photos behind those that are there. */
  add(added: ReadonlyArray<readonly [Photo, Omit<Held, 'position'>]>): void {
    for (const [{ id }, held] of added) this.#held.set(id, { ...held, position: this.#position++ });
    if (added.length > 0) this.set({ photos: [...this.photos, ...added.map(([photo]) => photo)] });
  }

  hold(id: string, change: Partial<Held>): void {
    const held = this.#held.get(id);
    if (held) this.#held.set(id, { ...held, ...change });
  }

  /** Changes one photo, if it is still there. */
  change(id: string, change: (photo: Photo) => Photo): void {
    this.changeAll((photo) => (photo.id === id ? change(photo) : photo));
  }

  /** Nobody hears of it if every photo stays as it is. */
  changeAll(change: (photo: Photo) => Photo): void {
    const photos = this.photos.map(change);
    const hasChanged = photos.some((photo, at) => photo !== this.photos[at]);
    if (hasChanged) this.set({ photos });
  }

  /** Every photo of a job: the same picture with the same mark is one job, however often it is on the page. */
  changeJob(jobId: string, change: (job: Job) => Job): void {
    this.changeAll((photo) => {
      const job = jobOf(photo);
      if (job?.state.jobId !== jobId) return photo;
      return { ...photo, stage: { at: 'accepted', job: change(job) } };
    });
  }

  stage(id: string, stage: Stage): void {
    this.change(id, (photo) => ({ ...photo, stage }));
  }

  drop(id: string): void {
    this.#held.delete(id);
    this.set({ photos: this.photos.filter((photo) => photo.id !== id) });
  }
}
