import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { fetchResult, isOpen } from './images';
import { keyring } from './keyring';
import { isRecord } from './parse';
import { ask, identity, reach, type ServerError } from './server';

/** What was asked, with the credential that came along. */
let asked: string[];

/** Answers by the path and its credential. */
function server(answer: (path: string, authorization: string | null) => Response) {
  vi.stubGlobal('fetch', async (path: string, { headers }: RequestInit) => {
    const authorization = new Headers(headers).get('authorization');
    asked.push(`${path} ${authorization}`);
    return answer(path, authorization);
  });
}

function problem(status: number, detail: string, headers: Record<string, string> = {}): Response {
  const said = { type: 'urn:nws:problem:any', title: 'Refused', status, detail };
  return Response.json(said, { status, headers });
}

const SIGNED = '/image/a?exp=1700000000&kid=1&sig=abc';
const signal = new AbortController().signal;

beforeEach(() => {
  asked = [];
  keyring.take('nws_a');
});
afterEach(() => {
  keyring.forget();
  vi.unstubAllGlobals();
});

test('the key goes along with every request to this server', async () => {
  server(() => Response.json({}));
  await ask('/stats', isRecord);
  expect(asked).toEqual(['/stats Bearer nws_a']);
});

test('no other server hears of the key, and no signed link has it beside it', () => {
  expect(identity('https://elsewhere.example/stats', 'nws_a')).toEqual({});
  expect(identity('//elsewhere.example/stats', 'nws_a')).toEqual({});
  expect(identity(SIGNED, 'nws_a')).toEqual({});
  expect(identity('/image/a', 'nws_a')).toEqual({ authorization: 'Bearer nws_a' });
});

test('a request that was on its way while a key was taken is asked again with it', async () => {
  server((_, authorization) => {
    if (authorization === 'Bearer nws_b') return Response.json({});
    keyring.take('nws_b');
    return problem(401, 'there is no such API key');
  });
  await ask('/stats', isRecord);
  expect(asked).toEqual(['/stats Bearer nws_a', '/stats Bearer nws_b']);
});

test('a refusal for want of a key asks for one, and is not repeated without', async () => {
  server(() => problem(401, 'there is no such API key'));
  await expect(ask('/stats', isRecord)).rejects.toMatchObject({ isBarred: true });
  expect(asked).toHaveLength(1);
  expect(keyring.snapshot()).toMatchObject({ refusal: 'there is no such API key', asking: true });
});

test('a refusal names the scope that the key lacks', async () => {
  const challenge = 'Bearer realm="nws", error="insufficient_scope", scope="admin"';
  server(() => problem(403, 'this needs the scope admin', { 'www-authenticate': challenge }));
  const error: ServerError = await ask('/admin/dlq', isRecord).catch((error) => error);
  expect(error.scopeMissing).toBe('admin');
  expect(keyring.snapshot()).toMatchObject({ scopeMissing: 'admin', refusal: null });
});

test('an address opens by itself when it is signed and fresh, or when there is no key', () => {
  const at = (url: string) => ({ jobId: 'job', url });
  expect(isOpen(at(SIGNED), 1_699_999_999_000)).toBe(true);
  expect(isOpen(at(SIGNED), 1_700_000_000_000)).toBe(false);
  expect(isOpen(at('/image/a'), 0)).toBe(false);
  keyring.forget();
  expect(isOpen(at('/image/a'), 0)).toBe(true);
});

test('a link that has expired is renewed by asking where its job stands', async () => {
  const fresh = SIGNED.replace('abc', 'fresh');
  const state = { jobId: 'job', status: 'done', attempt: 1, url: fresh, timings: {}, error: null };
  server((path) => {
    if (path === '/status/job') return Response.json(state);
    return path === fresh ? new Response('picture') : problem(403, 'the link has expired');
  });
  const answer = await fetchResult({ jobId: 'job', url: SIGNED }, signal);
  expect(await answer.text()).toBe('picture');
  expect(asked).toEqual([`${SIGNED} null`, '/status/job Bearer nws_a', `${fresh} null`]);
});

test('a picture that is not there is not asked for again', async () => {
  server(() => problem(404, 'gone'));
  await expect(fetchResult({ jobId: 'job', url: '/image/a' }, signal)).rejects.toThrow('gone');
  expect(asked).toHaveLength(1);
});

test('a stream of answers is told as it comes', async () => {
  server(() => new Response('data'));
  expect(await (await reach('/events?ids=a', {})).text()).toBe('data');
});
