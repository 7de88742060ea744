import { describe, expect, test } from 'vitest';
import { STEPS, type Status, type Timings } from '../api/types';
import type { Job } from '../photos/photo';
import { legsOf, longestOf, sharesOf } from './way';

const UPLOADED: Timings = { read: 120, hash: 8, store: 15 };
const WHOLE: Timings = {
  ...UPLOADED,
  queue: 4,
  fetch: 6,
  decode: 90,
  resize: 30,
  watermark: 12,
  encode: 200,
  save: 9,
  total: 494,
};

function job(status: Status, timings: Timings): Job {
  const state = { jobId: 'a', status, attempt: 1, url: null, timings, error: null };
  return { state, detours: [], cached: false, cancelling: false, unknown: false };
}

function states(status: Status, timings: Timings) {
  return legsOf(job(status, timings)).map(({ is }) => is);
}

function runs(status: Status, timings: Timings) {
  return legsOf(job(status, timings)).find(({ is }) => is === 'running')?.step;
}

describe('the way of a job', () => {
  test('has all ten steps in their order', () => {
    expect(legsOf(job('queued', {})).map(({ step }) => step)).toEqual(STEPS);
  });

  test('shows the step after the last one that was timed as running', () => {
    expect(runs('queued', UPLOADED)).toBe('queue');
    expect(runs('processing', { ...UPLOADED, queue: 4, fetch: 6 })).toBe('decode');
    const { save: _, total: __, ...beforeSave } = WHOLE;
    expect(runs('processing', beforeSave)).toBe('save');
  });

  test('does not wait in the queue once a worker has it', () => {
    expect(runs('processing', UPLOADED)).toBe('fetch');
  });

  test('is back in the queue between two attempts', () => {
    expect(runs('retrying', UPLOADED)).toBe('queue');
  });

  test('passes by what was not timed once a later step was', () => {
    const spliced = { ...UPLOADED, queue: 4, fetch: 6, watermark: 12 };
    expect(states('processing', spliced).slice(5, 9)).toEqual([
      'skipped',
      'skipped',
      'over',
      'running',
    ]);
  });

  test('has no step ahead once it is done', () => {
    const { resize: _, ...withoutResize } = WHOLE;
    expect(states('done', withoutResize)).not.toContain('ahead');
    expect(states('done', withoutResize)[STEPS.indexOf('resize')]).toBe('skipped');
  });

  test('breaks where a worker stops for what is wrong, and nowhere where that may be anywhere', () => {
    const broken = (code: string, attempt = 1) => {
      const { state, ...rest } = job('failed', UPLOADED);
      const failed = { ...state, attempt, error: { code, message: '' } };
      return legsOf({ ...rest, state: failed }).find(({ is }) => is === 'broken')?.step;
    };
    expect(broken('broken_image')).toBe('decode');
    expect(broken('missing_glyph')).toBe('watermark');
    expect(broken('crashed')).toBeUndefined();
    expect(broken('expired', 0)).toBe('queue');
  });

  test('breaks at the step that failed and misses the rest', () => {
    expect(states('failed', { ...UPLOADED, queue: 4, fetch: 6 }).slice(4)).toEqual([
      'over',
      'broken',
      'missed',
      'missed',
      'missed',
      'missed',
    ]);
  });

  test('blames no step where the user cancelled', () => {
    expect(states('cancelled', UPLOADED)).not.toContain('broken');
  });
});

describe('the bar', () => {
  test('is divided equally under way and by time once it is done', () => {
    const legs = legsOf(job('done', WHOLE));
    expect(new Set(sharesOf(legs, false))).toEqual(new Set([1]));
    const shares = sharesOf(legs, true);
    expect(shares.reduce((sum, share) => sum + share)).toBeCloseTo(1);
    expect(shares[STEPS.indexOf('encode')]).toBeCloseTo(200 / 494);
  });

  test('gives nothing to a step that was skipped, even where no step took any time', () => {
    expect(sharesOf(legsOf(job('done', { read: 0 })), true)).toEqual(STEPS.map(() => 0));
  });

  test('names the longest step only where there is one to compare with', () => {
    expect(longestOf(legsOf(job('done', WHOLE)))).toBe('encode');
    expect(longestOf(legsOf(job('queued', { read: 3 })))).toBeNull();
  });
});
