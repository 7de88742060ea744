import { fileGone } from '../api/upload';
import type { Album, Held } from './album';
import type { Photo, Stage } from './photo';
import { type Contents, type Kept, type KeptPhoto, PAGE, type Shelf } from './shelf';
import { problemOf } from './stages';

/** Bytes of files that are kept for a reload: a good hundred photos of a phone. Of the others it is said that they are to
 * be chosen again, unless they were uploaded already. */
const FILES_BYTES_MAX = 512 * 1024 * 1024;
/** The server keeps results for 30 days; who asks for one after that is told that it knows nothing of it. */
export const KEPT_MS_MAX = 30 * 24 * 60 * 60 * 1000;

/** Keeps the album on the shelf, change by change. */
export class Keeper {
  readonly #album: Album;
  readonly #shelf: Shelf;
  readonly #nowMs: () => number;
  #photos: ReadonlyMap<string, Photo> = new Map();
  #files: ReadonlySet<string> = new Set();
  #thumbnails = new Set<string>();
  #orders = new Set<string>();
  #paused = false;

  constructor(album: Album, shelf: Shelf, nowMs: () => number) {
    this.#album = album;
    this.#shelf = shelf;
    this.#nowMs = nowMs;
  }

  /** The shelf holds this much already. What belongs to none of the photos that came back goes. */
  goOnFrom({ photos, files, thumbnails, orders, paused }: Contents): void {
    this.#photos = new Map(this.#album.photos.map((photo) => [photo.id, photo]));
    const used = new Set(this.#album.photos.map(({ id }) => this.#album.held(id)?.order?.id ?? ''));
    this.#files = this.#sweep('files', files.keys(), this.#photos);
    this.#thumbnails = this.#sweep('thumbnails', thumbnails.keys(), this.#photos);
    this.#orders = this.#sweep('orders', orders.keys(), used);
    const ids = photos.map(({ id }) => id);
    this.#sweep('photos', ids, this.#photos);
    this.#paused = paused;
    this.#album.subscribe(() => this.#note());
  }

  #sweep(kind: keyof Kept, ids: Iterable<string>, used: { has(id: string): boolean }): Set<string> {
    const [stays, goes] = [new Set<string>(), new Set<string>()];
    for (const id of ids) (used.has(id) ? stays : goes).add(id);
    for (const id of goes) this.#shelf.drop(kind, id);
    return stays;
  }

  #note(): void {
    const { photos, paused } = this.#album.snapshot();
    const now = new Map(photos.filter(isKept).map((photo) => [photo.id, photo]));
    const before = this.#photos;
    this.#photos = now;
    for (const photo of now.values()) this.#keep(photo, before.get(photo.id));
    for (const id of before.keys()) if (!now.has(id)) this.#drop(id);
    if ([...now.values()].some((photo) => isNewStage(photo, before.get(photo.id))))
      this.#keepFiles([...now.values()]);
    if (paused !== this.#paused) this.#shelf.put('page', PAGE, { paused });
    this.#paused = paused;
  }

  #keep(photo: Photo, before: Photo | undefined): void {
    const held = this.#album.held(photo.id);
    if (photo === before || !held) return;
    this.#keepParts(photo.id, held);
    if (isNewStage(photo, before) || photo.size !== before?.size)
      this.#shelf.put('photos', photo.id, keptOf(photo, held, this.#nowMs()));
  }

  /** What does not change any more once it is there. */
  #keepParts(id: string, { order, thumbnail }: Held): void {
    if (order && !this.#orders.has(order.id)) this.#shelf.put('orders', order.id, order.order);
    if (thumbnail && !this.#thumbnails.has(id)) this.#shelf.put('thumbnails', id, thumbnail);
    if (order) this.#orders.add(order.id);
    if (thumbnail) this.#thumbnails.add(id);
  }

  #keepFiles(photos: readonly Photo[]): void {
    const wanted = filesToKeep(photos);
    for (const id of this.#files) if (!wanted.has(id)) this.#shelf.drop('files', id);
    const fresh = [...wanted].filter((id) => !this.#files.has(id));
    for (const id of fresh) {
      const file = this.#album.held(id)?.file;
      if (file) this.#shelf.put('files', id, file);
    }
    this.#files = wanted;
  }

  #drop(id: string): void {
    this.#thumbnails.delete(id);
    this.#files = new Set([...this.#files].filter((kept) => kept !== id));
    for (const kind of ['photos', 'thumbnails', 'files'] as const) this.#shelf.drop(kind, id);
  }
}

/** The files that fit, first of those whose upload is still to come. */
export function filesToKeep(photos: readonly Photo[], bytesMax = FILES_BYTES_MAX): Set<string> {
  const isSent = ({ stage }: Photo) => stage.at === 'accepted';
  const inTurn = [...photos.filter((photo) => !isSent(photo)), ...photos.filter(isSent)];
  let leftBytes = bytesMax;
  const fits = ({ sizeBytes }: Photo) => {
    if (sizeBytes > leftBytes) return false;
    leftBytes -= sizeBytes;
    return true;
  };
  return new Set(inTurn.filter(fits).map(({ id }) => id));
}

/** What was kept, as it goes on after a reload: what was on its way begins again. */
export function restored(
  { id, filename, sizeBytes, mediaType, size, stage, orderId }: KeptPhoto,
  { files, orders, thumbnails }: Contents,
): readonly [Photo, Omit<Held, 'position'>] {
  const order = orderId === null ? undefined : orders.get(orderId);
  const held = {
    file: files.get(id) ?? null,
    order: orderId !== null && order ? { id: orderId, order } : null,
    thumbnail: thumbnails.get(id) ?? null,
  };
  const urls = { thumbnailUrl: null, originalUrl: null };
  const photo = { id, filename, sizeBytes, mediaType, size, ...urls };
  return [{ ...photo, stage: restoredStage(stage, held) }, held];
}

/** Whether the server may still know of it. */
export function isFresh({ keptAtMs }: KeptPhoto, nowMs: number): boolean {
  return nowMs - keptAtMs < KEPT_MS_MAX;
}

function restoredStage(stage: Stage, { file, order }: Pick<Held, 'file' | 'order'>): Stage {
  if (stage.at === 'accepted') return { ...stage, job: { ...stage.job, cancelling: false } };
  if (!file) return { at: 'unsent', problem: problemOf(fileGone()) };
  if (stage.at === 'waiting' && !order) return { at: 'chosen' };
  return stage;
}

function keptOf(photo: Photo, { order, position }: Held, keptAtMs: number): KeptPhoto {
  const { id, filename, sizeBytes, mediaType, size } = photo;
  const orderId = order?.id ?? null;
  const stage = keptStage(photo.stage);
  return { id, position, keptAtMs, filename, sizeBytes, mediaType, size, stage, orderId };
}

function keptStage(stage: Stage): Stage {
  return stage.at === 'uploading' || stage.at === 'waiting' ? { at: 'waiting' } : stage;
}

/** What was refused was never on its way. */
function isKept({ stage }: Photo): boolean {
  return stage.at !== 'refused';
}

/** Bytes that were sent are not worth a write. */
function isNewStage({ stage }: Photo, before: Photo | undefined): boolean {
  return stage !== before?.stage && !(stage.at === 'uploading' && before?.stage.at === 'uploading');
}
