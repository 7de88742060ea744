import { afterEach, expect, test, vi } from 'vitest';
import { ServerError } from '../api/server';
import type { Stats } from '../api/types';
import { lookAtFleet, pollDelayMs, slotsOf } from './stats';

const STATS: Stats = {
  windowSecs: 60,
  jobsPerSecond: 4.2,
  jobs: { done: 252, failed: 0, dead: 0, retrying: 0 },
  totalMs: { p50: 320, p95: 900 },
  stepsMs: {},
  queue: { depth: 3, oldestAgeMs: 1200 },
  workers: ['a', 'b'].map((name) => ({
    id: name,
    name,
    slots: 4,
    busy: 3,
    jobsPerSecond: 2.1,
    startedAtMs: 0,
    heartbeatAgeMs: 500,
    draining: false,
  })),
  degraded: false,
};

function answer(body: unknown, status = 200) {
  vi.stubGlobal('fetch', () => Promise.resolve(new Response(JSON.stringify(body), { status })));
}

const { signal } = new AbortController();

afterEach(() => {
  vi.unstubAllGlobals();
});

test('a fleet that answers is live', async () => {
  answer(STATS);
  expect(await lookAtFleet(signal)).toEqual({ is: 'live', stats: STATS });
});

test('a server without figures is not asked for them as if it had failed', async () => {
  answer({}, 404);
  expect(await lookAtFleet(signal)).toEqual({ is: 'absent' });
});

test('an error or another answer is none', async () => {
  answer({}, 503);
  await expect(lookAtFleet(signal)).rejects.toThrow(ServerError);
  answer({ hello: 'world' });
  await expect(lookAtFleet(signal)).rejects.toThrow();
});

test('a server that is away is asked less and less, and half a minute apart at most', () => {
  expect([0, 1, 2, 3, 9].map(pollDelayMs)).toEqual([2000, 4000, 8000, 16_000, 30_000]);
});

test('the slots of all workers count together', () => {
  expect(slotsOf(STATS)).toEqual({ busy: 6, slots: 8 });
});
