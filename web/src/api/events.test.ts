import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type Connection, Events, OPENING_EVERY_MS, SILENCE_MS_MAX } from './events';
import { ServerError } from './server';
import type { JobState, Status } from './types';

/** A server whose streams are held in the hand. */
class FakeServer {
  readonly streams: FakeStream[] = [];
  readonly said: string[] = [];
  readonly connections: Connection[] = [];
  readonly events = new Events(
    (jobIds, lastEventId, signal) => {
      const stream = new FakeStream(jobIds, lastEventId, signal);
      this.streams.push(stream);
      return stream.answered;
    },
    {
      onState: ({ jobId, status }) => this.said.push(`${jobId} ${status}`),
      onUnknown: (jobId) => this.said.push(`${jobId} unknown`),
      onConnection: (connection) => this.connections.push(connection),
    },
    () => 0.5,
  );

  get last(): FakeStream {
    const last = this.streams.at(-1);
    if (!last) throw new Error('no stream was opened');
    return last;
  }

  follow(...jobIds: string[]): void {
    this.events.follow(jobIds);
  }
}

class FakeStream {
  readonly jobIds: readonly string[];
  readonly lastEventId: string | null;
  readonly signal: AbortSignal;
  readonly answered: Promise<ReadableStream<Uint8Array> | null>;
  #resolve: (body: ReadableStream<Uint8Array> | null) => void = () => {};
  #reject: (error: unknown) => void = () => {};
  #bytes: ReadableStreamDefaultController<Uint8Array> | undefined;

  constructor(jobIds: readonly string[], lastEventId: string | null, signal: AbortSignal) {
    this.jobIds = jobIds;
    this.lastEventId = lastEventId;
    this.signal = signal;
    this.answered = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    signal.addEventListener('abort', () => this.#reject(new Error('aborted')));
  }

  async speaks(): Promise<void> {
    const start = (bytes: ReadableStreamDefaultController<Uint8Array>) => {
      this.#bytes = bytes;
    };
    this.#resolve(new ReadableStream({ start }));
    await settle();
  }

  async refuses(error: ServerError): Promise<void> {
    this.#reject(error);
    await settle();
  }

  async knowsAll(): Promise<void> {
    this.#resolve(null);
    await settle();
  }

  async sends(text: string): Promise<void> {
    this.#bytes?.enqueue(new TextEncoder().encode(text));
    await settle();
  }

  tells(jobId: string, status: Status, id: string | null): Promise<void> {
    const state: JobState = { jobId, status, attempt: 1, url: null, timings: {}, error: null };
    const idLine = id === null ? '' : `id: ${id}\n`;
    return this.sends(`event: ${status}\nretry: 1000\ndata: ${JSON.stringify(state)}\n${idLine}\n`);
  }

  async closes(): Promise<void> {
    this.#bytes?.close();
    await settle();
  }
}

const settle = () => vi.advanceTimersByTimeAsync(0);
const wait = (ms: number) => vi.advanceTimersByTimeAsync(ms);

async function following(...jobIds: string[]): Promise<FakeServer> {
  const server = new FakeServer();
  server.follow(...jobIds);
  await settle();
  await server.last.speaks();
  return server;
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test('a hundred admissions at once make two streams', async () => {
  const server = await following('0');
  for (let job = 1; job <= 100; job++) server.follow(`${job}`);
  await wait(OPENING_EVERY_MS);
  await server.last.speaks();
  await wait(10 * OPENING_EVERY_MS);
  expect(server.streams.map(({ jobIds }) => jobIds.length)).toEqual([1, 101]);
});

test('streams that speak at once are not opened more often than a few times a second', async () => {
  const server = await following('0');
  for (let job = 1; job <= 20; job++) {
    server.follow(`${job}`);
    await wait(50);
    await server.last.speaks();
  }
  expect(server.streams).toHaveLength(1 + (20 * 50) / OPENING_EVERY_MS);
});

test('a job that is added while the server is away does not hurry it', async () => {
  const server = await following('a');
  await server.last.closes();
  server.follow('b');
  await wait(999);
  expect(server.streams).toHaveLength(1);
  await wait(1);
  expect(server.last.jobIds).toEqual(['a', 'b']);
});

test('the stream before goes on until the wider one speaks', async () => {
  const server = await following('a');
  const [narrow] = server.streams;
  server.follow('b');
  await wait(OPENING_EVERY_MS);
  await narrow?.tells('a', 'processing', '1-1');
  expect(narrow?.signal.aborted).toBe(false);
  await server.last.speaks();
  expect(narrow?.signal.aborted).toBe(true);
  await server.last.tells('b', 'processing', '1-1');
  expect(server.said).toEqual(['a processing', 'b processing']);
  expect(server.connections).toEqual(['open', 'open']);
});

test('a job that is added while a wider stream is opened is on the next one', async () => {
  const server = await following('a');
  server.follow('b');
  await wait(OPENING_EVERY_MS);
  server.follow('c');
  await wait(OPENING_EVERY_MS);
  expect(server.streams).toHaveLength(2);
  await server.last.speaks();
  await wait(OPENING_EVERY_MS);
  expect(server.last.jobIds).toEqual(['a', 'b', 'c']);
});

test('jobs that have ended are not asked for again', async () => {
  const server = await following('a', 'b');
  await server.last.tells('a', 'done', '1-4');
  server.follow('c');
  await wait(OPENING_EVERY_MS);
  expect(server.last.jobIds).toEqual(['b', 'c']);
});

test('a stream that is refused for want of a key is opened with the next one, and not before', async () => {
  const server = new FakeServer();
  server.follow('a');
  await settle();
  await server.last.refuses(new ServerError({ ...PROBLEM, status: 401 }));
  await vi.advanceTimersByTimeAsync(600_000);
  expect(server.streams).toHaveLength(1);
  expect(server.connections).toEqual(['barred']);
  server.events.hurry();
  await settle();
  expect(server.last.jobIds).toEqual(['a']);
  expect(server.streams).toHaveLength(2);
});

test('a lost stream is opened again after the pause that the server asked for, with what was heard last', async () => {
  const server = await following('a');
  await server.last.tells('a', 'processing', '1-2');
  await server.last.sends('retry: 3000\n\n');
  await server.last.closes();
  expect(server.connections).toEqual(['open', 'lost']);
  await wait(2999);
  expect(server.streams).toHaveLength(1);
  await wait(1);
  expect(server.last.lastEventId).toBe('1-2');
  await server.last.speaks();
  expect(server.connections).toEqual(['open', 'lost', 'open']);
});

test('the pause grows while the server is away, and ends when the browser is online again', async () => {
  const server = await following('a');
  await server.last.closes();
  for (const pauseMs of [1000, 2000, 4000]) {
    await wait(pauseMs);
    await server.last.refuses(new ServerError(PROBLEM));
  }
  expect(server.streams).toHaveLength(4);
  server.events.hurry();
  await settle();
  expect(server.streams).toHaveLength(5);
});

test('a server that asks to come back later is left alone until then', async () => {
  const server = new FakeServer();
  server.follow('a');
  await settle();
  await server.last.refuses(new ServerError({ ...PROBLEM, status: 503 }, 7000));
  await wait(6999);
  expect(server.streams).toHaveLength(1);
  await wait(1);
  expect(server.streams).toHaveLength(2);
});

test('a connection that died without a word is noticed by its silence, and a heartbeat is a word', async () => {
  const server = await following('a');
  await wait(SILENCE_MS_MAX - 1);
  await server.last.sends(':\n\n');
  await wait(SILENCE_MS_MAX - 1);
  expect(server.connections).toEqual(['open']);
  await wait(1);
  expect(server.last.signal.aborted).toBe(true);
  expect(server.connections).toEqual(['open', 'lost']);
});

test('an older event does not turn a job back', async () => {
  const server = await following('a');
  await server.last.tells('a', 'processing', '2-3');
  await server.last.tells('a', 'queued', '2-1');
  await server.last.tells('a', 'retrying', '1-9');
  await server.last.tells('a', 'queued', null);
  await server.last.tells('a', 'done', '2-4');
  expect(server.said).toEqual(['a processing', 'a done']);
});

test('an end without a number is an end', async () => {
  const server = await following('a');
  await server.last.tells('a', 'processing', '2-3');
  await server.last.tells('a', 'done', '0-0');
  expect(server.said).toEqual(['a processing', 'a done']);
});

test('a job that was sent again is not ended by the past', async () => {
  const server = await following('a', 'b');
  const before = server.last;
  server.follow('a');
  await before.tells('a', 'dead', '1-9');
  await wait(OPENING_EVERY_MS);
  await server.last.speaks();
  await server.last.tells('a', 'queued', '2-1');
  expect(server.said).toEqual(['a queued']);
});

test('nothing is opened after the end', async () => {
  const server = await following('a');
  await server.last.tells('a', 'done', '1-4');
  await server.last.sends('id: end\nevent: end\ndata: {}\n\n');
  await wait(60_000);
  expect(server.streams).toHaveLength(1);
  expect(server.connections.at(-1)).toBe('idle');
});

test('a job that is added at the end of the others is asked for as one that nobody heard of', async () => {
  const server = await following('a');
  server.follow('b');
  await server.last.tells('a', 'done', '1-4');
  await server.last.sends('id: end\nevent: end\ndata: {}\n\n');
  await wait(OPENING_EVERY_MS);
  expect(server.last.jobIds).toEqual(['b']);
  expect(server.last.lastEventId).toBeNull();
});

test('a server that says that everything is known is believed', async () => {
  const server = new FakeServer();
  server.follow('a');
  await settle();
  await server.last.knowsAll();
  await wait(60_000);
  expect(server.streams).toHaveLength(1);
  expect(server.connections.at(-1)).toBe('idle');
});

test('a job that the server does not know is not asked for again', async () => {
  const server = await following('a', 'b');
  await server.last.sends('event: unknown\ndata: {"jobId":"a","status":null}\n\n');
  server.follow('c');
  await wait(OPENING_EVERY_MS);
  expect(server.said).toEqual(['a unknown']);
  expect(server.last.jobIds).toEqual(['b', 'c']);
});

test('the connection is let go of when nobody wants to hear any more', async () => {
  const server = await following('a');
  server.events.forget('a');
  expect(server.last.signal.aborted).toBe(true);
  expect(server.connections).toEqual(['open', 'idle']);
});

const PROBLEM = { type: 'urn:nws:page:unreachable', title: 'Away', status: 0, detail: 'away' };
