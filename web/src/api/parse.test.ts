import { expect, test } from 'vitest';
import { isAdmission, isJobState } from './parse';

const STATE = { jobId: 'a', status: 'done', attempt: 1, timings: {}, error: null };

test.each([null, '/image/a'])('a result lies nowhere yet, or on this server: %s', (url) => {
  expect(isJobState({ ...STATE, url })).toBe(true);
  expect(isAdmission({ jobId: 'a', status: 'done', url })).toBe(true);
});

test.each([
  'javascript:alert(1)',
  'https://elsewhere.example/a',
  '//elsewhere.example/a',
  '/\\elsewhere.example/a',
])('no link leads to %s', (url) => {
  expect(isJobState({ ...STATE, url })).toBe(false);
  expect(isAdmission({ jobId: 'a', status: 'done', url })).toBe(false);
});
