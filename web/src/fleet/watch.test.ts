import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { keyring } from '../api/keyring';
import type { Fleet } from './stats';
import { after } from './useFleet';
import { watchFleet } from './watch';

const STATS = { jobsPerSecond: 2, queue: { depth: 0, oldestAgeMs: null }, workers: [] };

/** How often the server was asked so far, and what the watcher was told. */
let asked: number;
let told: (Fleet | null)[];
let stop: () => void;

function watch(answer: () => Response) {
  asked = 0;
  told = [];
  vi.stubGlobal('fetch', () => {
    asked += 1;
    return Promise.resolve(answer());
  });
  stop = watchFleet((fleet) => told.push(fleet));
}

function show(state: DocumentVisibilityState) {
  vi.spyOn(document, 'visibilityState', 'get').mockReturnValue(state);
  document.dispatchEvent(new Event('visibilitychange'));
}

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  stop();
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

test('the fleet is looked at every two seconds', async () => {
  watch(() => Response.json(STATS));
  await vi.advanceTimersByTimeAsync(4_100);
  expect(asked).toBe(3);
});

test('a page that nobody looks at asks nothing, and at once when it is seen again', async () => {
  watch(() => Response.json(STATS));
  await vi.advanceTimersByTimeAsync(100);
  show('hidden');
  await vi.advanceTimersByTimeAsync(60_000);
  expect(asked).toBe(1);
  show('visible');
  await vi.advanceTimersByTimeAsync(100);
  expect(asked).toBe(2);
});

test('a server that is away is asked later each time, and told of as lost', async () => {
  watch(() => new Response('', { status: 503 }));
  await vi.advanceTimersByTimeAsync(4_100);
  expect([asked, told]).toEqual([2, [null, null]]);
});

test('a server that asks for a key is asked again when there is one', async () => {
  watch(() => (asked === 1 ? new Response('', { status: 401 }) : Response.json(STATS)));
  await vi.advanceTimersByTimeAsync(60_000);
  expect([asked, told]).toEqual([1, [{ is: 'barred' }]]);
  keyring.take('nws_a');
  await vi.advanceTimersByTimeAsync(100);
  expect(told.at(-1)).toMatchObject({ is: 'live' });
  keyring.forget();
});

test('a server without figures is asked once', async () => {
  watch(() => new Response('', { status: 404 }));
  await vi.advanceTimersByTimeAsync(60_000);
  expect([asked, told]).toEqual([1, [{ is: 'absent' }]]);
});

test('what was seen last stays in sight while the connection is lost', async () => {
  watch(() => Response.json(STATS));
  await vi.advanceTimersByTimeAsync(100);
  const seen = after({ fleet: { is: 'unknown' }, rates: [1] }, told[0] ?? null);
  expect(seen.rates).toEqual([1, 2]);
  expect(after(seen, null)).toMatchObject({ fleet: { is: 'lost', stats: STATS }, rates: [1, 2] });
});
