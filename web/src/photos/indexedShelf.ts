import { isJobState, isProblem, isRecord } from '../api/parse';
import type { Order } from '../mark/mark';
import type { Job, Stage } from './photo';
import {
  type Contents,
  type Kept,
  type KeptPhoto,
  NO_SHELF,
  NOTHING,
  PAGE,
  type Shelf,
} from './shelf';

const NAME = 'nws.page';
/** Raised when what is kept changes its shape: what an older page kept is then let go of. */
const VERSION = 1;
const KINDS = ['photos', 'thumbnails', 'files', 'orders', 'page'] as const;
/** How long another tab is waited for that has the shelf: the page before a reload lets go of it within that. */
const OTHER_TAB_MS_MAX = 1000;

/** How long the database is waited for. Some browsers never answer, and the page is of use without one. */
const DATABASE_MS_MAX = 3000;

/** A shelf in the browser's database. Of several tabs the first one has it, so that no photo is sent by two. */
export async function openIndexedShelf(): Promise<Shelf> {
  try {
    await holdForThisTab();
    const database = await open();
    database.onversionchange = () => database.close();
    return new IndexedShelf(database);
  } catch {
    return NO_SHELF;
  }
}

class IndexedShelf implements Shelf {
  readonly #database: IDBDatabase;

  constructor(database: IDBDatabase) {
    this.#database = database;
  }

  async load(): Promise<Contents> {
    try {
      return await this.#read();
    } catch {
      return NOTHING;
    }
  }

  put<K extends keyof Kept>(kind: K, id: string, value: Kept[K]): void {
    this.#write(kind, (store) => store.put(value, id));
  }

  drop(kind: keyof Kept, id: string): void {
    this.#write(kind, (store) => store.delete(id));
  }

  async #read(): Promise<Contents> {
    const transaction = this.#database.transaction(KINDS, 'readwrite');
    const all = <T>(kind: keyof Kept, is: (value: unknown) => value is T) =>
      entries(transaction.objectStore(kind), is);
    const [photos, thumbnails, files, orders, page] = await Promise.all([
      all('photos', isKeptPhoto),
      all('thumbnails', (value) => value instanceof Blob),
      all('files', (value) => value instanceof File),
      all('orders', isOrder),
      all('page', (value) => isRecord(value)),
    ]);
    const inOrder = [...photos.values()].sort((a, b) => a.position - b.position);
    const paused = page.get(PAGE)?.paused === true;
    return { photos: inOrder, thumbnails, files, orders, paused };
  }

  /** What does not fit is not kept, and a database that was closed under the page keeps no more. */
  #write(kind: keyof Kept, write: (store: IDBObjectStore) => void): void {
    try {
      const transaction = this.#database.transaction(kind, 'readwrite');
      write(transaction.objectStore(kind));
      // A page that goes before it has heard of the write would take it along.
      transaction.commit();
    } catch {
      // The page goes on without.
    }
  }
}

function open(): Promise<IDBDatabase> {
  const request = indexedDB.open(NAME, VERSION);
  request.onupgradeneeded = () => {
    for (const kind of [...request.result.objectStoreNames]) request.result.deleteObjectStore(kind);
    for (const kind of KINDS) request.result.createObjectStore(kind);
  };
  return new Promise((resolve, reject) => {
    AbortSignal.timeout(DATABASE_MS_MAX).onabort = () => reject(new Error('no database in time'));
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
    request.onblocked = () => reject(new Error('another tab holds an older database'));
  });
}

/** Held until the page goes. Resolves once it is held, rejects where another tab does not let go. */
function holdForThisTab(): Promise<void> {
  // Only pages that came over HTTPS or from this machine have locks.
  if (!('locks' in navigator)) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(OTHER_TAB_MS_MAX);
    const forGood = () => new Promise<never>(() => resolve());
    navigator.locks.request(NAME, { signal }, forGood).catch(reject);
  });
}

/** What lies in a store by its key. What is not understood goes. */
async function entries<T>(
  store: IDBObjectStore,
  is: (value: unknown) => value is T,
): Promise<Map<string, T>> {
  const [keys, values] = await Promise.all([result(store.getAllKeys()), result(store.getAll())]);
  const found = new Map<string, T>();
  for (const [at, key] of keys.entries()) {
    const value = values[at];
    if (is(value)) found.set(String(key), value);
    else store.delete(key);
  }
  return found;
}

function result<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

function isKeptPhoto(value: unknown): value is KeptPhoto {
  return (
    isRecord(value) &&
    typeof value.id === 'string' &&
    typeof value.position === 'number' &&
    typeof value.keptAtMs === 'number' &&
    typeof value.filename === 'string' &&
    typeof value.sizeBytes === 'number' &&
    typeof value.mediaType === 'string' &&
    isSize(value.size) &&
    isStage(value.stage)
  );
}

function isSize(value: unknown): value is KeptPhoto['size'] {
  if (value === null) return true;
  return isRecord(value) && typeof value.width === 'number' && typeof value.height === 'number';
}

function isStage(value: unknown): value is Stage {
  if (!isRecord(value)) return false;
  if (value.at === 'accepted') return isJob(value.job);
  if (value.at === 'unsent') return isProblem(value.problem);
  return value.at === 'chosen' || value.at === 'waiting';
}

function isJob(value: unknown): value is Job {
  return isRecord(value) && isJobState(value.state) && Array.isArray(value.detours);
}

function isOrder(value: unknown): value is Order {
  return isRecord(value) && Array.isArray(value.fields);
}
