import { expect, test } from 'vitest';
import type { Status } from '../api/types';
import type { Photo, Stage } from '../photos/photo';
import { endingsOf, NO_NEWS, newsSince } from './news';
import { tallyOf } from './tally';

function photo(id: string, stage: Stage): Photo {
  const unread = { mediaType: '', size: null, thumbnailUrl: null, originalUrl: null };
  return { id, filename: `${id}.jpg`, sizeBytes: 1000, ...unread, stage };
}

function accepted(status: Status): Stage {
  const picture = { format: 'jpeg', width: 1, height: 1, sizeBytes: 400, sha256: '' } as const;
  const state = { jobId: 'a', status, attempt: 1, url: null, timings: {}, error: null };
  const job = { detours: [], cached: false, cancelling: false, unknown: false };
  return {
    at: 'accepted',
    job: { ...job, state: status === 'done' ? { ...state, picture } : state },
  };
}

const REFUSED: Stage = { at: 'refused', refusal: { why: 'empty' } };

test('the counts leave out what the page refused, and a pause what was not begun', () => {
  const tally = tallyOf([
    photo('a', accepted('done')),
    photo('b', accepted('processing')),
    photo('c', accepted('dead')),
    photo('d', REFUSED),
    photo('e', { at: 'chosen' }),
    photo('f', { at: 'waiting' }),
  ]);
  expect(tally).toMatchObject({
    photos: 5,
    done: 1,
    refused: 1,
    failed: 1,
    ended: 3,
    underWay: 2,
  });
});

test('only what is done counts as saved', () => {
  const tally = tallyOf([photo('a', accepted('done')), photo('b', accepted('failed'))]);
  expect(tally).toMatchObject({ beforeBytes: 1000, afterBytes: 400 });
});

test('what has ended is told once, and what the page found when it was loaded not at all', () => {
  const before = endingsOf([photo('a', accepted('done')), photo('b', accepted('processing'))]);
  const now = [photo('a', accepted('done')), photo('b', accepted('done')), photo('c', REFUSED)];
  const news = newsSince(before, now, NO_NEWS);
  expect(news).toEqual({ done: ['b.jpg'], failed: ['c.jpg'] });
  expect(newsSince(endingsOf(now), now, news)).toBe(news);
});

test('what was kept from an earlier visit is no news, though it comes after the page', () => {
  const kept = [photo('a', accepted('done')), photo('b', accepted('failed'))];
  expect(newsSince(endingsOf([]), kept, NO_NEWS)).toBe(NO_NEWS);
});
