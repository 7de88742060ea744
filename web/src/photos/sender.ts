import { pauseMs } from '../api/backoff';
import { ServerError } from '../api/server';
import { fileGone, type Sent } from '../api/upload';
import type { Album } from './album';
import type { Effects } from './effects';
import type { Photo } from './photo';
import { failed, heldUntilMs, nextToSend } from './stages';

/** The first pause after a server that was not reached. */
const PAUSE_MS = 1000;

/** Sends what waits, a few at a time. */
export class Sender {
  readonly #album: Album;
  readonly #effects: Effects;
  readonly #onSent: (id: string, sent: Sent) => void;
  readonly #aborts = new Map<string, AbortController>();
  #failures = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(album: Album, effects: Effects, onSent: (id: string, sent: Sent) => void) {
    this.#album = album;
    this.#effects = effects;
    this.#onSent = onSent;
  }

  /** Begins what may begin now, and comes back when more may. To be called whenever something changed. */
  pump(): void {
    clearTimeout(this.#timer);
    // A photo that is refused for want of a key is megabytes for nothing.
    if (this.#album.snapshot().paused || this.#effects.isLocked()) return;
    const nowMs = this.#effects.nowMs();
    for (const photo of nextToSend(this.#album.photos, nowMs)) void this.#send(photo);
    const untilMs = heldUntilMs(this.#album.photos);
    if (untilMs !== null && untilMs > nowMs)
      this.#timer = setTimeout(() => this.pump(), untilMs - nowMs);
  }

  /** Stops an upload; what becomes of the photo is the caller's to say. */
  stop(id: string): void {
    this.#aborts.get(id)?.abort();
    this.#aborts.delete(id);
  }

  async #send({ id, sizeBytes }: Photo): Promise<void> {
    const abort = new AbortController();
    this.#aborts.set(id, abort);
    this.#album.stage(id, { at: 'uploading', sentBytes: 0, totalBytes: sizeBytes });
    try {
      const sent = await this.#upload(id, abort.signal);
      if (abort.signal.aborted) return;
      this.#failures = 0;
      this.#onSent(id, sent);
    } catch (error) {
      if (abort.signal.aborted) return;
      this.#album.stage(id, failed(error, this.#retryAtMs(error)));
    }
    this.#aborts.delete(id);
    this.pump();
  }

  #upload(id: string, signal: AbortSignal): Promise<Sent> {
    const { file, order } = this.#album.held(id) ?? {};
    if (!file || !order) return Promise.reject(fileGone());
    const onProgress = (sentBytes: number, totalBytes: number) => {
      if (!signal.aborted) this.#album.stage(id, { at: 'uploading', sentBytes, totalBytes });
    };
    return this.#effects.send({ file, order: order.order, onProgress, signal });
  }

  /** When the server says, else later with each failure; uploads that fail together are one failure. */
  #retryAtMs(error: unknown): number {
    const nowMs = this.#effects.nowMs();
    if ((heldUntilMs(this.#album.photos) ?? 0) <= nowMs) this.#failures += 1;
    const asked = error instanceof ServerError ? error.retryAfterMs : null;
    return nowMs + (asked ?? pauseMs(this.#failures, PAUSE_MS, this.#effects.random()));
  }
}
