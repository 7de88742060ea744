import { pauseMs } from '../api/backoff';
import type { JobState, Limits } from '../api/types';
import { fileGone, type Sent } from '../api/upload';
import type { Order } from '../mark/mark';
import { Album, type Held, type Sealed } from './album';
import { type Board, PHOTOS_MAX } from './board';
import { Canceller } from './canceller';
import type { Effects, Following } from './effects';
import { isFresh, Keeper, restored } from './keeper';
import type { Photo, Stage } from './photo';
import { refusalBy } from './precheck';
import { Sender } from './sender';
import type { Contents } from './shelf';
import {
  admitted,
  endingOf,
  isCancellable,
  isFollowed,
  isRetriable,
  isRunning,
  jobOf,
  problemOf,
  told,
} from './stages';

/** The first pause before the limits are asked for again. */
const LIMITS_PAUSE_MS = 1000;
/** What every browser that this page is built for can show. Of the other formats a preview that came to be is the proof. */
const SHOWN = ['image/jpeg', 'image/png', 'image/webp', 'image/avif', 'image/gif', 'image/bmp'];

/** The board of this page: what the user wishes goes in, what became of it is in the album. */
export class PageBoard implements Board {
  readonly #effects: Effects;
  readonly #album = new Album();
  readonly #events: Following;
  readonly #sender: Sender;
  readonly #canceller: Canceller;
  /** One thing after the other: first what was kept, then each drop in its turn. */
  #taking: Promise<void>;

  readonly subscribe = this.#album.subscribe;
  readonly snapshot = this.#album.snapshot;

  constructor(effects: Effects) {
    this.#effects = effects;
    this.#events = effects.events({
      onState: (state) => this.#tell(state),
      onUnknown: (jobId) => this.#album.changeJob(jobId, (job) => ({ ...job, unknown: true })),
      onConnection: (connection) => this.#album.set({ connection }),
    });
    this.#sender = new Sender(this.#album, effects, (id, sent) => this.#admit(id, sent));
    this.#canceller = new Canceller(this.#album, effects, (state) => this.#cancelled(state));
    this.#taking = this.#restore();
    void this.#learnLimits();
  }

  add(files: readonly File[]): void {
    this.#taking = this.#taking.then(() => this.#take(files));
  }

  start(order: Order): void {
    const sealed = this.#sealed(order);
    const chosen = this.#album.photos.filter(({ stage }) => stage.at === 'chosen');
    const ids = new Set(chosen.map(({ id }) => id));
    for (const id of ids) this.#album.hold(id, { order: sealed });
    this.#album.changeAll((photo) =>
      ids.has(photo.id) ? { ...photo, stage: { at: 'waiting' } } : photo,
    );
    this.#sender.pump();
  }

  pause(): void {
    this.#album.set({ paused: true });
    for (const { id, stage } of this.#album.photos) {
      if (stage.at !== 'uploading') continue;
      this.#sender.stop(id);
      this.#album.stage(id, { at: 'waiting' });
    }
  }

  resume(): void {
    this.#album.set({ paused: false });
    this.#sender.pump();
  }

  retry(id: string, order?: Order): void {
    const photo = this.#album.photo(id);
    if (!photo || !isRetriable(photo)) return;
    if (order) this.#album.hold(id, { order: this.#sealed(order) });
    this.#album.stage(id, this.#beginning(id));
    this.#sender.pump();
  }

  cancel(id: string): void {
    const photo = this.#album.photo(id);
    if (!photo || !isCancellable(photo)) return;
    const job = jobOf(photo);
    if (job) return void this.#canceller.cancel(job.state.jobId);
    this.#sender.stop(id);
    this.#album.stage(id, { at: 'chosen' });
    this.#sender.pump();
  }

  remove(id: string): void {
    const photo = this.#album.photo(id);
    if (!photo) return;
    this.#sender.stop(id);
    this.#album.drop(id);
    for (const url of [photo.thumbnailUrl, photo.originalUrl])
      if (url !== null) this.#effects.revokeUrl(url);
    this.#abandon(photo);
    this.#sender.pump();
  }

  removeEnded(): void {
    for (const photo of this.#album.photos) if (endingOf(photo)) this.remove(photo.id);
  }

  recheck(): void {
    this.#followAgain();
  }

  file(id: string): File | null {
    return this.#album.held(id)?.file ?? null;
  }

  /** The network is back, or there is a key: nothing waits for its time any more. */
  hurry(): void {
    this.#events.hurry();
    this.#album.changeAll((photo) =>
      photo.stage.at === 'waiting' && photo.stage.retryAtMs !== undefined
        ? { ...photo, stage: { at: 'waiting' } }
        : photo,
    );
    this.#sender.pump();
  }

  /** Where a photo begins anew. Without its file it says so, and goes on once the file is chosen again. */
  #beginning(id: string): Stage {
    if (!this.file(id)) return { at: 'unsent', problem: problemOf(fileGone()) };
    return { at: this.#album.held(id)?.order ? 'waiting' : 'chosen' };
  }

  #sealed(order: Order): Sealed {
    return { id: this.#effects.newId(), order };
  }

  /** Nobody waits for its job any more, unless another photo has the same. */
  #abandon(photo: Photo): void {
    const job = jobOf(photo);
    if (!job) return;
    const { jobId } = job.state;
    if (this.#album.photos.some((other) => jobOf(other)?.state.jobId === jobId)) return;
    this.#events.forget(jobId);
    if (isRunning(job)) void this.#canceller.cancel(jobId);
  }

  #admit(id: string, { admission, cached }: Sent): void {
    this.#album.stage(id, admitted(admission, cached));
    // Also what has ended: the stream begins with where it stands, and so with its picture and its timings.
    this.#events.follow([admission.jobId]);
  }

  #tell(state: JobState): void {
    this.#album.changeJob(state.jobId, (job) => told(job, state));
  }

  #cancelled(state: JobState): void {
    this.#tell(state);
    this.#events.forget(state.jobId);
  }

  async #learnLimits(): Promise<void> {
    for (let failures = 0; this.snapshot().limits === null; ) {
      const limits = await this.#effects.limits().catch(() => null);
      if (limits) return this.#apply(limits);
      const pause = pauseMs(++failures, LIMITS_PAUSE_MS, this.#effects.random());
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }

  #apply(limits: Limits): void {
    this.#events.jobsMax = limits.eventsJobsMax;
    this.#album.set({ limits });
    this.#album.changeAll((photo) => this.#judged(photo));
  }

  /** A photo that nobody has sent yet, refused if the server would. */
  #judged(photo: Photo): Photo {
    const { limits } = this.snapshot();
    if (photo.stage.at !== 'chosen' || !limits) return photo;
    const refusal = refusalBy(limits, photo.sizeBytes, photo.size);
    return refusal ? { ...photo, stage: { at: 'refused', refusal } } : photo;
  }

  async #take(files: readonly File[]): Promise<void> {
    const fresh = files.filter((file) => !this.#giveBack(file));
    const places = Math.max(0, PHOTOS_MAX - this.#album.photos.length);
    const inspecting = fresh.slice(0, places).map((file) => this.#inspected(file));
    const added = await Promise.all(inspecting);
    this.#album.add(added);
    if (fresh.length > places) this.#refuseFrom(fresh, places);
    for (const [{ id }] of added) void this.#illustrate(id);
  }

  /** A file that was asked for again goes to the photo that lacks it. */
  #giveBack(file: File): boolean {
    const isOfFile = ({ id, filename, sizeBytes }: Photo) =>
      filename === file.name && sizeBytes === file.size && this.#album.held(id)?.file === null;
    const photo = this.#album.photos.find(isOfFile);
    if (!photo) return false;
    this.#album.hold(photo.id, { file });
    if (photo.stage.at === 'unsent') this.retry(photo.id);
    void this.#illustrate(photo.id);
    return true;
  }

  async #inspected(file: File): Promise<readonly [Photo, Omit<Held, 'position'>]> {
    const { mediaType, size, refusal } = await this.#effects.inspect(file);
    const photo = { ...this.#blank(file), mediaType, size };
    const judged = refusal
      ? { ...photo, stage: { at: 'refused', refusal } as const }
      : this.#judged(photo);
    return [judged, { file, order: null, thumbnail: null }];
  }

  /** One line stands for all that are too many. */
  #refuseFrom(files: readonly File[], places: number): void {
    const isSame = ({ stage }: Photo) =>
      stage.at === 'refused' && stage.refusal.why === 'too-many-photos';
    for (const { id } of this.#album.photos.filter(isSame)) this.remove(id);
    const [file] = files.slice(places);
    if (!file) return;
    const measured = this.#album.photos.length + files.length - places;
    const refusal = { why: 'too-many-photos', measured, limit: PHOTOS_MAX } as const;
    const photo: Photo = { ...this.#blank(file), stage: { at: 'refused', refusal } };
    this.#album.add([[photo, { file: null, order: null, thumbnail: null }]]);
  }

  #blank(file: File): Photo {
    return {
      id: this.#effects.newId(),
      filename: file.name,
      sizeBytes: file.size,
      mediaType: '',
      size: null,
      thumbnailUrl: null,
      originalUrl: null,
      stage: { at: 'chosen' },
    };
  }

  /** Gives a photo its pictures, as far as the browser can show them. */
  async #illustrate(id: string): Promise<void> {
    const photo = this.#album.photo(id);
    const { file, thumbnail } = this.#album.held(id) ?? {};
    if (!photo || photo.stage.at === 'refused') return;
    if (thumbnail) this.#show(id, { thumbnailUrl: thumbnail });
    if (!file) return;
    if (thumbnail || SHOWN.includes(photo.mediaType)) this.#show(id, { originalUrl: file });
    if (thumbnail) return;
    const made = await this.#effects.thumbnail(file, photo.size);
    if (!made) return;
    this.#album.hold(id, { thumbnail: made });
    this.#show(id, { thumbnailUrl: made, originalUrl: file });
  }

  #show(id: string, pictures: Partial<Record<'thumbnailUrl' | 'originalUrl', Blob>>): void {
    this.#album.change(id, (photo) => {
      const url = (kind: 'thumbnailUrl' | 'originalUrl') =>
        photo[kind] ?? (pictures[kind] ? this.#effects.makeUrl(pictures[kind]) : null);
      return { ...photo, thumbnailUrl: url('thumbnailUrl'), originalUrl: url('originalUrl') };
    });
  }

  async #restore(): Promise<void> {
    const shelf = await this.#effects.shelf();
    const contents = await shelf.load();
    const photos = this.#bringBack(contents);
    new Keeper(this.#album, shelf, this.#effects.nowMs).goOnFrom(contents);
    for (const { id } of photos) void this.#illustrate(id);
    this.#followAgain();
    this.#sender.pump();
  }

  #followAgain(): void {
    const jobs = this.#album.photos.map(jobOf).filter((job) => job !== null);
    this.#events.follow(jobs.filter(isFollowed).map(({ state }) => state.jobId));
  }

  #bringBack(contents: Contents): readonly Photo[] {
    const nowMs = this.#effects.nowMs();
    const fresh = contents.photos.filter((photo) => isFresh(photo, nowMs)).slice(0, PHOTOS_MAX);
    this.#album.add(fresh.map((photo) => restored(photo, contents)));
    this.#album.set({ restored: true, paused: contents.paused });
    return this.#album.photos;
  }
}
