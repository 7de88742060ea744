import { afterEach, expect, test, vi } from 'vitest';
import type { Picture } from '../api/types';
import type { Result } from './results';
import { saveAll, type ZipProgress } from './zip';

const PICTURE: Picture = { format: 'jpeg', width: 1, height: 1, sizeBytes: 5, sha256: '' };

function results(...filenames: string[]): Result[] {
  return filenames.map((filename) => ({
    filename,
    jobId: filename,
    url: `/image/${filename}`,
    picture: PICTURE,
  }));
}

/** Answers by the end of the address, and keeps what is saved. */
function server(answer: (url: string) => Response | Promise<Response>) {
  const saved: Blob[] = [];
  vi.stubGlobal('fetch', async (url: string) => answer(url));
  vi.spyOn(URL, 'createObjectURL').mockImplementation((blob) => {
    if (blob instanceof Blob) saved.push(blob);
    return 'blob:saved';
  });
  vi.spyOn(HTMLAnchorElement.prototype, 'click').mockImplementation(() => {});
  return saved;
}

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

const quiet = { signal: new AbortController().signal, onProgress: () => {} };

test('all results are in one ZIP', async () => {
  const saved = server(() => new Response('pixel'));
  const progress: ZipProgress[] = [];
  const outcome = await saveAll({
    ...quiet,
    results: results('a.jpg', 'a.jpg'),
    onProgress: (step) => progress.push(step),
  });
  expect(outcome).toEqual({ ended: 'saved', missing: [] });
  const text = await saved[0]?.text();
  expect(text).toContain('a-marked.jpg');
  expect(text).toContain('a-marked (2).jpg');
  expect(progress).toEqual([
    { fetched: 0, of: 2 },
    { fetched: 1, of: 2 },
  ]);
});

test('one that cannot be fetched is named and does not take the others along', async () => {
  server((url) => {
    if (url.endsWith('gone.jpg')) return new Response('', { status: 404 });
    if (url.endsWith('cut.jpg')) throw new TypeError('network');
    return new Response('pixel');
  });
  const outcome = await saveAll({ ...quiet, results: results('gone.jpg', 'a.jpg', 'cut.jpg') });
  expect(outcome).toEqual({ ended: 'saved', missing: ['gone.jpg', 'cut.jpg'] });
});

test('nothing is said to be saved where nothing could be fetched', async () => {
  server(() => new Response('', { status: 404 }));
  expect(await saveAll({ ...quiet, results: results('a.jpg') })).toEqual({ ended: 'failed' });
});

test('it can be cancelled', async () => {
  const abort = new AbortController();
  const saved = server(() => {
    abort.abort();
    throw new DOMException('', 'AbortError');
  });
  const outcome = await saveAll({ ...quiet, signal: abort.signal, results: results('a.jpg') });
  expect(outcome).toEqual({ ended: 'cancelled' });
  expect(saved).toEqual([]);
});
