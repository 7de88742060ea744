import type { Listener } from '../api/events';
import { PAGE_PROBLEMS, ServerError } from '../api/server';
import type { JobState, Limits, Status } from '../api/types';
import type { Sent, Upload } from '../api/upload';
import type { Effects } from './effects';
import { PageBoard } from './pageBoard';
import type { Inspected } from './precheck';
import { type Contents, type Kept, NOTHING, type Shelf } from './shelf';

/** A board in a page that is held in the hand. For tests. */
export class FakePage {
  readonly uploads: FakeUpload[] = [];
  readonly followed: string[] = [];
  readonly forgotten: string[] = [];
  readonly cancelled: string[] = [];
  readonly urls = new Set<string>();
  readonly shelf: FakeShelf;
  readonly board: PageBoard;
  /** What a `DELETE` answers. */
  cancels: (jobId: string) => JobState = (jobId) => stateOf(jobId, 'cancelled');
  inspects: (file: Blob) => Inspected = () => JPEG;
  /** Null while the server does not tell them. */
  limits: Limits | null;
  /** Whether the server asks for a key. */
  locked = false;
  stream: Listener | undefined;
  #ids = 0;

  constructor(shelf = new FakeShelf(), limits: Limits | null = LIMITS) {
    this.shelf = shelf;
    this.limits = limits;
    this.board = new PageBoard(this.#effects());
  }

  #effects(): Effects {
    return {
      send: (upload) => {
        const begun = new FakeUpload(upload);
        this.uploads.push(begun);
        return begun.answered;
      },
      isLocked: () => this.locked,
      cancel: async (jobId) => {
        this.cancelled.push(jobId);
        return this.cancels(jobId);
      },
      limits: async () => this.limits ?? Promise.reject(new Error('away')),
      events: (listener) => {
        this.stream = listener;
        return {
          jobsMax: 0,
          follow: (jobIds) => void this.followed.push(...jobIds),
          forget: (jobId) => void this.forgotten.push(jobId),
          hurry: () => {},
        };
      },
      inspect: async (file) => this.inspects(file),
      thumbnail: async () => new Blob(['small']),
      shelf: async () => this.shelf,
      makeUrl: () => {
        const url = `blob:${++this.#ids}`;
        this.urls.add(url);
        return url;
      },
      revokeUrl: (url) => void this.urls.delete(url),
      nowMs: Date.now,
      random: () => 0.5,
      newId: () => `id${++this.#ids}${this.shelf.loads}`,
    };
  }

  tell(jobId: string, status: Status, more: Partial<JobState> = {}): void {
    this.stream?.onState({ ...stateOf(jobId, status), ...more });
  }

  /** The stages, in the order of the photos. */
  get stages(): string[] {
    return this.board
      .snapshot()
      .photos.map(({ stage }) => (stage.at === 'accepted' ? stage.job.state.status : stage.at));
  }

  /** The id of the photo at this place. */
  id(at: number): string {
    return this.board.snapshot().photos[at]?.id ?? '';
  }

  /** The uploads that run now. */
  get running(): FakeUpload[] {
    return this.uploads.filter(({ isOver }) => !isOver);
  }
}

class FakeUpload {
  readonly upload: Upload;
  readonly answered: Promise<Sent>;
  isOver = false;
  #resolve: (sent: Sent) => void = () => {};
  #reject: (error: unknown) => void = () => {};

  constructor(upload: Upload) {
    this.upload = upload;
    this.answered = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    upload.signal.addEventListener('abort', () => this.fails(0));
  }

  get filename(): string {
    return this.upload.file.name;
  }

  isTaken(jobId = `job of ${this.filename}`, status: Status = 'queued', cached = false): void {
    this.isOver = true;
    this.#resolve({ admission: { jobId, status, url: null, statusUrl: '' }, cached });
  }

  isNotUnderstood(): void {
    this.isOver = true;
    this.#reject(new ServerError({ ...PROBLEM, type: PAGE_PROBLEMS.notUnderstood, status: 0 }));
  }

  fails(status: number, retryAfterMs: number | null = null): void {
    this.isOver = true;
    this.#reject(new ServerError({ ...PROBLEM, status }, retryAfterMs));
  }
}

/** A shelf that outlives a page. */
export class FakeShelf implements Shelf {
  readonly kinds: { readonly [K in keyof Kept]: Map<string, Kept[K]> } = {
    photos: new Map(),
    thumbnails: new Map(),
    files: new Map(),
    orders: new Map(),
    page: new Map(),
  };
  loads = 0;

  async load(): Promise<Contents> {
    if (this.loads++ === 0) return NOTHING;
    const { photos, thumbnails, files, orders, page } = this.kinds;
    const inOrder = [...photos.values()].sort((a, b) => a.position - b.position);
    const paused = page.get('page')?.paused ?? false;
    return { photos: inOrder, thumbnails, files, orders, paused };
  }

  put<K extends keyof Kept>(kind: K, id: string, value: Kept[K]): void {
    const values: Map<string, Kept[K]> = this.kinds[kind];
    values.set(id, value);
  }

  drop(kind: keyof Kept, id: string): void {
    this.kinds[kind].delete(id);
  }
}

export function stateOf(jobId: string, status: Status): JobState {
  return { jobId, status, attempt: 1, url: null, timings: {}, error: null };
}

export const PROBLEM = { type: 'about:blank', title: 'Refused', detail: 'refused' };

export const JPEG: Inspected = {
  mediaType: 'image/jpeg',
  size: { width: 300, height: 200 },
  refusal: null,
};

export const LIMITS: Limits = {
  imageBytesMax: 1000,
  logoBytesMax: 1000,
  logoPixelsMax: 10_000,
  textCharsMax: 256,
  pixelsMax: 1_000_000,
  sideMax: 2000,
  framesMax: 10,
  animationPixelsMax: 1_000_000,
  uploadsMax: 10,
  eventsJobsMax: 200,
};
