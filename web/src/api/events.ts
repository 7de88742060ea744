import { pauseMs } from './backoff';
import { type EventId, eventIdOf, isOlder } from './eventId';
import { isJobState, isNamed } from './parse';
import { json, reach, ServerError } from './server';
import { type Frame, FrameReader } from './sse';
import { isFinal, type JobState } from './types';

/** The one stream of events: `idle` while nothing is followed, `lost` while it is tried again, `barred` until there is a key
 * that opens it. */
export type Connection = 'idle' | 'open' | 'lost' | 'barred';

/** What is told of the jobs that are followed. */
export interface Listener {
  readonly onState: (state: JobState) => void;
  /** The server knows nothing of it. */
  readonly onUnknown: (jobId: string) => void;
  readonly onConnection: (connection: Connection) => void;
}

/** Opens a stream of these jobs; null where everything is known already. */
export type Open = (
  jobIds: readonly string[],
  lastEventId: string | null,
  signal: AbortSignal,
) => Promise<ReadableStream<Uint8Array> | null>;

/** Silence after which a stream is taken for dead: the server speaks every 15 s, so two times were missed. */
export const SILENCE_MS_MAX = 40_000;
/** Between two openings: a hundred photos that are accepted within seconds make a few streams, not a hundred. */
export const OPENING_EVERY_MS = 250;
/** Jobs on one stream until the server has said how many it takes. */
const JOBS_MAX = 200;
/** Pause before a reconnect until the server has said its own. */
const RECONNECT_MS = 1000;

/** One connection, and who asked for what when it was opened. */
interface Stream {
  readonly jobs: ReadonlyMap<string, number>;
  readonly abort: AbortController;
  watchdog: ReturnType<typeof setTimeout> | undefined;
  /** What to come back with. */
  lastEventId: string | null;
  /** The server said that nothing more will come. */
  ended: boolean;
}

export function openStream(
  jobIds: readonly string[],
  lastEventId: string | null,
  signal: AbortSignal,
): ReturnType<Open> {
  const headers = { accept: 'text/event-stream' };
  const resumed = lastEventId === null ? headers : { ...headers, 'last-event-id': lastEventId };
  const path = `/events?ids=${jobIds.join(',')}`;
  return reach(path, { headers: resumed, signal, cache: 'no-store' }).then(({ body }) => body);
}

/**
 * Follows many jobs on one stream, through lost connections and servers that restart.
 *
 * A job that is added makes a wider stream; the one before goes on until the wider one speaks, so nothing is missed and
 * nobody waits. What a stream tells of a job that was asked for again after it was opened is of the past, and dropped.
 */
export class Events {
  /** Raised when the server says otherwise. */
  jobsMax = JOBS_MAX;

  readonly #open: Open;
  readonly #listener: Listener;
  readonly #random: () => number;
  /** The jobs that have not ended, each with the number of its asking. */
  readonly #wanted = new Map<string, number>();
  readonly #heard = new Map<string, EventId>();
  #askings = 0;
  #current: Stream | null = null;
  #next: Stream | null = null;
  #opening: ReturnType<typeof setTimeout> | undefined;
  #openedAtMs = Number.NEGATIVE_INFINITY;
  #failures = 0;
  #reconnectMs = RECONNECT_MS;
  /** The last one that spoke. */
  #last: Stream | null = null;

  constructor(open: Open, listener: Listener, random: () => number = Math.random) {
    this.#open = open;
    this.#listener = listener;
    this.#random = random;
  }

  /** Tells where these jobs stand, and then each change until they end. */
  follow(jobIds: readonly string[]): void {
    for (const id of jobIds) this.#wanted.set(id, ++this.#askings);
    if (jobIds.length > 0) this.#openSoon();
  }

  /** Nobody wants to hear of it any more. */
  forget(jobId: string): void {
    this.#wanted.delete(jobId);
    this.#heard.delete(jobId);
    this.#restIfDone();
  }

  /** Tries again at once what waits to be tried again. */
  hurry(): void {
    if (this.#failures > 0) this.#openIn(0);
  }

  #openSoon(): void {
    if (this.#opening !== undefined) return;
    this.#openIn(Math.max(0, this.#openedAtMs + OPENING_EVERY_MS - Date.now()));
  }

  #openIn(delayMs: number): void {
    clearTimeout(this.#opening);
    this.#opening = setTimeout(() => {
      this.#opening = undefined;
      if (this.#next === null && this.#wanted.size > 0) void this.#run(this.#begin());
    }, delayMs);
  }

  #begin(): Stream {
    const jobs = new Map(this.#first());
    const stream = { jobs, abort: new AbortController(), watchdog: undefined, ended: false };
    this.#next = { ...stream, lastEventId: this.#resumes(jobs) };
    this.#openedAtMs = Date.now();
    return this.#next;
  }

  /** As many jobs as a stream takes; the others have their turn when these have ended. */
  #first(): [string, number][] {
    return [...this.#wanted].slice(0, this.jobsMax);
  }

  /** Who comes back with an id says that it heard of every job before: of none that is new. */
  #resumes(jobs: ReadonlyMap<string, number>): string | null {
    const last = this.#last;
    if (last === null || last.ended) return null;
    return [...jobs].every(([id, asking]) => last.jobs.get(id) === asking)
      ? last.lastEventId
      : null;
  }

  /** One stream from its request to its end. */
  async #run(stream: Stream): Promise<void> {
    const { signal } = stream.abort;
    let refusal: ServerError | null = null;
    try {
      this.#watch(stream);
      const body = await this.#open([...stream.jobs.keys()], stream.lastEventId, signal);
      if (!signal.aborted) this.#speaks(stream);
      if (body === null) this.#end(stream);
      else await this.#read(stream, body);
    } catch (error) {
      if (error instanceof ServerError) refusal = error;
    }
    stream.abort.abort();
    clearTimeout(stream.watchdog);
    this.#over(stream, refusal);
  }

  async #read(stream: Stream, body: ReadableStream<Uint8Array>): Promise<void> {
    const frames = new FrameReader();
    const reader = body.getReader();
    stream.abort.signal.addEventListener('abort', () => void reader.cancel().catch(() => {}));
    while (!stream.ended) {
      const { done, value } = await reader.read();
      if (done || stream.abort.signal.aborted) return;
      this.#watch(stream);
      for (const frame of frames.push(value)) this.#hear(stream, frame);
      this.#reconnectMs = frames.retryMs ?? this.#reconnectMs;
      stream.lastEventId = frames.lastEventId ?? stream.lastEventId;
    }
  }

  /** A connection that died without a word is only known by its silence. */
  #watch(stream: Stream): void {
    clearTimeout(stream.watchdog);
    stream.watchdog = setTimeout(() => {
      stream.abort.abort();
      this.#over(stream, null);
    }, SILENCE_MS_MAX);
  }

  /** From now on it is the one stream. */
  #speaks(stream: Stream): void {
    this.#current?.abort.abort();
    this.#current = stream;
    this.#last = stream;
    this.#next = null;
    this.#failures = 0;
    this.#listener.onConnection('open');
    if (this.#lacksJobs(stream)) this.#openSoon();
  }

  #lacksJobs(stream: Stream): boolean {
    return this.#first().some(([id, asking]) => stream.jobs.get(id) !== asking);
  }

  #hear(stream: Stream, frame: Frame): void {
    if (frame.event === 'end') this.#end(stream);
    const said = json(frame.data);
    if (!isNamed(said) || !this.#isOf(stream, said.jobId)) return;
    if (frame.event === 'unknown') {
      this.#drop(said.jobId);
      this.#listener.onUnknown(said.jobId);
    } else if (isJobState(said) && this.#isNews(said, eventIdOf(frame.id))) {
      if (isFinal(said.status)) this.#drop(said.jobId);
      this.#listener.onState(said);
    }
  }

  #isOf(stream: Stream, jobId: string): boolean {
    const asking = this.#wanted.get(jobId);
    return asking !== undefined && asking === stream.jobs.get(jobId);
  }

  /** Whether it does not turn the job back. What has no number is a guess, unless it is the end. */
  #isNews(state: JobState, id: EventId | null): boolean {
    const heard = this.#heard.get(state.jobId);
    if (id === null) return heard === undefined || isFinal(state.status);
    if (heard && isOlder(id, heard)) return false;
    this.#heard.set(state.jobId, id);
    return true;
  }

  /** What was heard of it is kept: the job may begin again, and its past may still be on its way. */
  #drop(jobId: string): void {
    this.#wanted.delete(jobId);
  }

  /** Every job of the stream has ended. */
  #end(stream: Stream): void {
    stream.ended = true;
    for (const id of stream.jobs.keys()) if (this.#isOf(stream, id)) this.#drop(id);
  }

  /** A stream is over, for whatever reason. One that was replaced is nobody's any more. */
  #over(stream: Stream, refusal: ServerError | null): void {
    if (stream !== this.#current && stream !== this.#next) return;
    if (stream === this.#current) this.#current = null;
    if (stream === this.#next) this.#next = null;
    if (this.#wanted.size === 0) this.#restIfDone();
    else if (stream.ended) this.#openSoon();
    else this.#openAgain(refusal);
  }

  /** What is barred stays so until somebody comes with another key, and says so by `hurry`. */
  #openAgain(refusal: ServerError | null): void {
    const isBarred = refusal?.isBarred === true;
    this.#failures += 1;
    if (this.#current === null) this.#listener.onConnection(isBarred ? 'barred' : 'lost');
    if (isBarred) return;
    const pause = pauseMs(this.#failures, this.#reconnectMs, this.#random());
    this.#openIn(refusal?.retryAfterMs ?? pause);
  }

  #restIfDone(): void {
    if (this.#wanted.size > 0) return;
    clearTimeout(this.#opening);
    this.#opening = undefined;
    for (const stream of [this.#current, this.#next]) {
      clearTimeout(stream?.watchdog);
      stream?.abort.abort();
    }
    this.#current = null;
    this.#next = null;
    this.#failures = 0;
    this.#listener.onConnection('idle');
  }
}
