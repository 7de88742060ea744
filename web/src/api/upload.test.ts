import { expect, test } from 'vitest';
import { refusal, ServerError } from './server';
import { fileGone, formOf } from './upload';

test('the fields come before the photo, so that the server refuses them first', () => {
  const order = { fields: [['wm_text', 'NWS']] as const, logo: new File(['l'], 'logo.svg') };
  const form = formOf(new File(['p'], 'photo.jpg'), order);
  expect([...form.keys()]).toEqual(['wm_text', 'wm_logo', 'image']);
});

test('a refusal is told in the words of the server', () => {
  const said = { type: 'urn:nws:problem:busy', title: 'Busy', status: 503, detail: 'later' };
  const error = refusal(503, JSON.stringify(said), () => '7');
  expect(error.problem).toEqual(said);
  expect(error.retryAfterMs).toBe(7000);
});

test('an answer that is not of the server is told by its status', () => {
  const error = refusal(502, '<h1>Bad gateway</h1>', () => 'Fri, 20 Nov 2026 20:00:00 GMT');
  expect(error.problem).toMatchObject({
    status: 502,
    detail: 'the answer was 502, without a reason',
  });
  expect(error.retryAfterMs).toBeNull();
});

test('only what may pass is tried again by itself', () => {
  const passing = (status: number) => refusal(status, '', () => null).mayPass;
  expect([0, 429, 502, 503, 504].filter(passing)).toHaveLength(5);
  expect([400, 404, 408, 413, 415, 422, 500].filter(passing)).toEqual([]);
  expect(fileGone()).toBeInstanceOf(ServerError);
  expect(fileGone().mayPass).toBe(false);
});
