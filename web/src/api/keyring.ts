/** What is known of the key by which the server knows who asks. */
export interface Access {
  /** Null where there is none: most servers on one's own machine ask for none. */
  readonly key: string | null;
  /** Why the server lets nobody in with this key, or without one, in its own words; null as long as it does. */
  readonly refusal: string | null;
  /** What the key turned out not to allow. */
  readonly scopeMissing: string | null;
  /** Whether the page asks for a key now. */
  readonly asking: boolean;
}

/** Where the key outlives a reload, and ends with its tab. */
export type KeyStorage = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;

const STORED = 'nws.key';
/** What a header can carry, and as much of it as the server looks at. */
const CREDENTIAL = /^[\x21-\x7e]{1,8192}$/;
const NOTHING: Access = { key: null, refusal: null, scopeMissing: null, asking: false };

/** Holds the key, and asks for one once the server does. The key is nowhere but here, in the tab's own storage and in the
 * header of a request. */
export class Keyring {
  readonly #storage: () => KeyStorage;
  readonly #listeners = new Set<() => void>();
  readonly #waiting = new Set<() => void>();
  #access: Access;

  constructor(storage: () => KeyStorage) {
    this.#storage = storage;
    this.#access = { ...NOTHING, key: this.#recalled() };
  }

  readonly snapshot = (): Access => this.#access;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Whoever was refused for want of a key hears of the next one. */
  whenTaken(act: () => void): () => void {
    this.#waiting.add(act);
    return () => this.#waiting.delete(act);
  }

  take(key: string): void {
    this.#keep((storage) => storage.setItem(STORED, key));
    this.#set({ ...NOTHING, key });
    for (const act of [...this.#waiting]) act();
  }

  /** Who forgets a key wants to be asked for none: the question waits until somebody opens it. */
  forget(): void {
    this.#keep((storage) => storage.removeItem(STORED));
    this.#set({ ...NOTHING, refusal: '' });
  }

  ask(): void {
    this.#set({ ...this.#access, asking: true });
  }

  dismiss(): void {
    this.#set({ ...this.#access, asking: false });
  }

  /** The server answered 401 to this key, or to none. False where there is another one by now, which may be let in. */
  refused(key: string | null, said: string): boolean {
    if (key !== this.#access.key) return false;
    // Asked once: a question that was closed does not come back with every request.
    if (this.#access.refusal === null) {
      this.#keep((storage) => storage.removeItem(STORED));
      this.#set({ ...this.#access, refusal: said, asking: true });
    }
    return true;
  }

  /** The server answered 403 to this key. */
  lacks(key: string | null, scopeMissing: string): void {
    if (key === this.#access.key) this.#set({ ...this.#access, scopeMissing });
  }

  #set(access: Access): void {
    this.#access = access;
    for (const listener of this.#listeners) listener();
  }

  #recalled(): string | null {
    let key: string | null = null;
    this.#keep((storage) => {
      key = storage.getItem(STORED);
    });
    return key !== null && isCredential(key) ? key : null;
  }

  /** A browser that keeps nothing asks again after a reload, and that is all. */
  #keep(act: (storage: KeyStorage) => void): void {
    try {
      act(this.#storage());
    } catch {}
  }
}

/** Whether it can be sent at all. */
export function isCredential(text: string): boolean {
  return CREDENTIAL.test(text);
}

/** The page's own. */
export const keyring = new Keyring(() => sessionStorage);
