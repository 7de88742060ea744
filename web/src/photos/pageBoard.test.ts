import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ServerError } from '../api/server';
import type { Order } from '../mark/mark';
import { PHOTOS_MAX } from './board';
import { FakePage, FakeShelf, JPEG, LIMITS, PROBLEM, stateOf } from './fakePage';
import { KEPT_MS_MAX } from './keeper';
import type { Job } from './photo';

const ORDER: Order = { fields: [['wm_text', 'NWS']], logo: null };
const settle = () => vi.advanceTimersByTimeAsync(0);
const wait = (ms: number) => vi.advanceTimersByTimeAsync(ms);

const fileOf = (name: string, bytes = 10) => new File([new Uint8Array(bytes)], name);
const filesOf = (count: number) =>
  Array.from({ length: count }, (_, at) => fileOf(`${at + 1}.jpg`));

async function choosing(count: number, page = new FakePage()): Promise<FakePage> {
  page.board.add(filesOf(count));
  await settle();
  return page;
}

async function sending(count: number): Promise<FakePage> {
  const page = await choosing(count);
  page.board.start(ORDER);
  return page;
}

/** One photo whose job runs. */
async function working(): Promise<FakePage> {
  const page = await sending(1);
  page.uploads[0]?.isTaken('job');
  await settle();
  page.tell('job', 'processing');
  return page;
}

/** The same browser, after its page was loaded again. */
async function reloaded(page: FakePage): Promise<FakePage> {
  const after = new FakePage(page.shelf);
  await settle();
  return after;
}

function jobAt(page: FakePage, at: number): Job | undefined {
  const stage = page.board.snapshot().photos[at]?.stage;
  return stage?.at === 'accepted' ? stage.job : undefined;
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test('three are uploaded at once, in the order in which they came', async () => {
  const page = await sending(5);
  expect(page.stages).toEqual(['uploading', 'uploading', 'uploading', 'waiting', 'waiting']);
  page.uploads[1]?.isTaken();
  await settle();
  expect(page.stages).toEqual(['uploading', 'queued', 'uploading', 'uploading', 'waiting']);
  expect(page.running.map(({ filename }) => filename)).toEqual(['1.jpg', '3.jpg', '4.jpg']);
});

test('an upload tells how far it is', async () => {
  const page = await sending(1);
  page.uploads[0]?.upload.onProgress(4, 12);
  expect(page.board.snapshot().photos[0]?.stage).toEqual({
    at: 'uploading',
    sentBytes: 4,
    totalBytes: 12,
  });
});

test('a pause stops the uploads, and they begin again afterwards', async () => {
  const page = await sending(4);
  page.board.pause();
  await settle();
  expect(page.stages).toEqual(['waiting', 'waiting', 'waiting', 'waiting']);
  expect(page.uploads.map(({ upload }) => upload.signal.aborted)).toEqual([true, true, true]);
  page.board.resume();
  expect(page.stages).toEqual(['uploading', 'uploading', 'uploading', 'waiting']);
});

test('a photo that is refused for want of a key waits, and goes on with it', async () => {
  const page = await sending(4);
  page.locked = true;
  for (const upload of page.running) upload.fails(401);
  await wait(60_000);
  expect(page.stages).toEqual(['waiting', 'waiting', 'waiting', 'waiting']);
  expect(page.uploads).toHaveLength(3);
  page.locked = false;
  page.board.hurry();
  expect(page.stages).toEqual(['uploading', 'uploading', 'uploading', 'waiting']);
});

test('nothing is sent while the server asks for a key', async () => {
  const page = await choosing(2);
  page.locked = true;
  page.board.start(ORDER);
  expect(page.stages).toEqual(['waiting', 'waiting']);
  expect(page.uploads).toEqual([]);
});

test('a busy server is left alone for as long as it asks, by every photo', async () => {
  const page = await sending(4);
  page.uploads[0]?.fails(503, 5000);
  page.uploads[1]?.isTaken();
  await settle();
  expect(page.board.snapshot().photos[0]?.stage).toEqual({
    at: 'waiting',
    retryAtMs: Date.now() + 5000,
    problem: { ...PROBLEM, status: 503 },
  });
  await wait(4999);
  expect(page.running).toHaveLength(1);
  await wait(1);
  expect(page.stages).toEqual(['uploading', 'queued', 'uploading', 'uploading']);
});

test('a server that is not reached is tried again later and later, and at once when the browser is online', async () => {
  const page = await sending(1);
  for (const [tries, pauseMs] of [1000, 2000, 4000].entries()) {
    page.running[0]?.fails(0);
    await wait(pauseMs - 1);
    expect(page.uploads).toHaveLength(tries + 1);
    await wait(1);
    expect(page.uploads).toHaveLength(tries + 2);
  }
  page.running[0]?.fails(0);
  await settle();
  page.board.hurry();
  expect(page.running).toHaveLength(1);
});

test.each([400, 413, 415, 422, 500])('a %d is said and not tried again', async (status) => {
  const page = await sending(1);
  page.uploads[0]?.fails(status);
  await wait(60_000);
  expect(page.board.snapshot().photos[0]?.stage).toEqual({
    at: 'unsent',
    problem: { ...PROBLEM, status },
  });
  expect(page.uploads).toHaveLength(1);
});

test('who does not speak as the server does is not sent the photo again and again', async () => {
  const page = await sending(1);
  page.uploads[0]?.isNotUnderstood();
  await wait(60_000);
  expect([page.stages, page.uploads.length]).toEqual([['unsent'], 1]);
});

test('what was refused is sent again when the user asks, with another order if there is one', async () => {
  const page = await sending(1);
  page.uploads[0]?.fails(422);
  await settle();
  page.board.retry(page.id(0));
  page.running[0]?.fails(422);
  await settle();
  const other: Order = { fields: [], logo: null };
  page.board.retry(page.id(0), other);
  expect(page.uploads.map(({ upload }) => upload.order)).toEqual([ORDER, ORDER, other]);
});

test('a result that was there before is marked, and its picture asked for', async () => {
  const page = await sending(1);
  page.uploads[0]?.isTaken('job', 'done', true);
  await settle();
  expect(jobAt(page, 0)?.cached).toBe(true);
  expect(page.followed).toEqual(['job']);
  const picture = { format: 'jpeg', width: 3, height: 2, sizeBytes: 9, sha256: '' } as const;
  page.tell('job', 'done', { picture });
  page.tell('job', 'done');
  expect(jobAt(page, 0)?.state.picture).toEqual(picture);
});

test('a photo that is twice on the page is one job', async () => {
  const page = await sending(2);
  page.uploads[0]?.isTaken('job');
  page.uploads[1]?.isTaken('job');
  await settle();
  page.tell('job', 'done');
  expect(page.stages).toEqual(['done', 'done']);
});

test('an attempt that failed is noted once', async () => {
  const page = await working();
  const error = { code: 'store_away', message: 'the store is away' };
  page.tell('job', 'retrying', { error });
  page.tell('job', 'retrying', { error });
  page.tell('job', 'processing', { attempt: 2 });
  expect(jobAt(page, 0)?.detours).toEqual([{ attempt: 1, reason: error }]);
});

test('a job that has ended does not go on', async () => {
  const page = await working();
  page.tell('job', 'cancelled');
  page.tell('job', 'processing');
  expect(page.stages).toEqual(['cancelled']);
});

test('a job that the server does not know may be sent again', async () => {
  const page = await working();
  page.stream?.onUnknown('job');
  expect(jobAt(page, 0)?.unknown).toBe(true);
  page.board.retry(page.id(0));
  expect(page.stages).toEqual(['uploading']);
});

test('a result that the server does not have any more may be sent again', async () => {
  const page = await working();
  page.tell('job', 'done');
  page.board.recheck();
  expect(page.followed).toEqual(['job', 'job']);
  page.stream?.onUnknown('job');
  page.board.retry(page.id(0));
  expect(page.stages).toEqual(['uploading']);
});

test('a reload asks whether its results are still there', async () => {
  const page = await working();
  page.tell('job', 'done');
  expect((await reloaded(page)).followed).toEqual(['job']);
});

test('what waits and what is uploaded is chosen again when it is cancelled', async () => {
  const page = await sending(4);
  page.board.cancel(page.id(3));
  page.board.cancel(page.id(0));
  await settle();
  expect(page.stages).toEqual(['chosen', 'uploading', 'uploading', 'chosen']);
  expect(page.uploads[0]?.upload.signal.aborted).toBe(true);
  expect(page.cancelled).toEqual([]);
});

test('a job is taken back', async () => {
  const page = await working();
  page.board.cancel(page.id(0));
  page.board.cancel(page.id(0));
  expect(jobAt(page, 0)?.cancelling).toBe(true);
  await settle();
  expect(page.cancelled).toEqual(['job']);
  expect(page.stages).toEqual(['cancelled']);
  expect(jobAt(page, 0)?.cancelling).toBe(false);
});

test('of a job that ended before it was taken back the stream tells', async () => {
  const page = await working();
  page.cancels = () => {
    throw new ServerError({ ...PROBLEM, status: 409 });
  };
  page.board.cancel(page.id(0));
  await settle();
  expect(jobAt(page, 0)).toMatchObject({ cancelling: false, state: { status: 'processing' } });
  expect(page.forgotten).toEqual([]);
});

test('a job is taken back once the server can', async () => {
  const page = await working();
  page.cancels = () => {
    page.cancels = (jobId) => stateOf(jobId, 'cancelled');
    throw new ServerError({ ...PROBLEM, status: 503 }, 4000);
  };
  page.board.cancel(page.id(0));
  await wait(3999);
  expect(page.stages).toEqual(['processing']);
  await wait(1);
  expect(page.stages).toEqual(['cancelled']);
});

test('what is removed is stopped, taken back and forgotten', async () => {
  const page = await sending(2);
  page.uploads[0]?.isTaken('job');
  await settle();
  page.board.remove(page.id(1));
  page.board.remove(page.id(0));
  await settle();
  expect(page.uploads[1]?.upload.signal.aborted).toBe(true);
  expect(page.cancelled).toEqual(['job']);
  expect(page.forgotten).toContain('job');
  expect(page.stages).toEqual([]);
  expect(page.urls.size).toBe(0);
});

test('a job that another photo waits for is not taken back', async () => {
  const page = await sending(2);
  page.uploads[0]?.isTaken('job');
  page.uploads[1]?.isTaken('job');
  await settle();
  page.board.remove(page.id(0));
  expect(page.cancelled).toEqual([]);
  expect(page.forgotten).toEqual([]);
});

test('only what has ended is removed with all that has ended', async () => {
  const page = await sending(4);
  page.uploads[0]?.isTaken('a', 'done', true);
  page.uploads[1]?.fails(422);
  page.uploads[2]?.isTaken('c');
  await settle();
  page.board.removeEnded();
  expect(page.stages).toEqual(['queued', 'uploading']);
});

test('of a hundred and more photos one line says how many there are', async () => {
  const page = await choosing(PHOTOS_MAX + 20);
  const { photos } = page.board.snapshot();
  expect(photos).toHaveLength(PHOTOS_MAX + 1);
  expect(photos.at(-1)?.stage).toEqual({
    at: 'refused',
    refusal: { why: 'too-many-photos', measured: PHOTOS_MAX + 20, limit: PHOTOS_MAX },
  });
});

test('what the server would refuse is not sent, also when its limits come late', async () => {
  const page = new FakePage(new FakeShelf(), null);
  page.inspects = () => ({ ...JPEG, size: { width: 2001, height: 1 } });
  page.board.add([fileOf('long.jpg')]);
  await settle();
  expect(page.stages).toEqual(['chosen']);
  page.limits = LIMITS;
  await wait(1000);
  page.board.start(ORDER);
  expect(page.stages).toEqual(['refused']);
});

test('a reload finds every photo again and goes on', async () => {
  const page = await sending(5);
  page.uploads[0]?.isTaken('a');
  page.uploads[1]?.isTaken('b');
  await settle();
  page.tell('b', 'failed');
  const after = await reloaded(page);
  expect(after.stages).toEqual(['queued', 'failed', 'uploading', 'uploading', 'uploading']);
  expect(after.followed).toEqual(['a']);
  expect(after.running.map(({ filename }) => filename)).toEqual(['3.jpg', '4.jpg', '5.jpg']);
  expect(after.running[0]?.upload.order).toEqual(ORDER);
  const [photo] = after.board.snapshot().photos;
  expect(photo).toMatchObject({ filename: '1.jpg', sizeBytes: 10, size: JPEG.size });
  expect(photo?.thumbnailUrl).toMatch('blob:');
});

test('a format that this browser could show is shown after a reload too', async () => {
  const page = new FakePage();
  page.inspects = () => ({ ...JPEG, mediaType: 'image/jxl' });
  const after = await reloaded(await choosing(1, page));
  expect(after.board.snapshot().photos[0]?.originalUrl).toMatch('blob:');
});

test('what was chosen or paused before a reload stays so', async () => {
  const chosen = await reloaded(await choosing(1));
  expect(chosen.stages).toEqual(['chosen']);
  const page = await sending(1);
  page.board.pause();
  const paused = await reloaded(page);
  expect(paused.board.snapshot().paused).toBe(true);
  expect(paused.stages).toEqual(['waiting']);
});

test('a file that was not kept is asked for again, and goes on where it was', async () => {
  const page = await sending(1);
  page.shelf.kinds.files.clear();
  const after = await reloaded(page);
  const [lost] = after.board.snapshot().photos;
  expect(lost?.stage).toMatchObject({ problem: { type: 'urn:nws:page:file_gone' } });
  after.board.add([fileOf('1.jpg')]);
  await settle();
  expect(after.stages).toEqual(['uploading']);
});

test('a failed photo whose file was not kept asks for it, and is sent once it is there', async () => {
  const page = await working();
  page.tell('job', 'failed');
  page.shelf.kinds.files.clear();
  const after = await reloaded(page);
  after.board.retry(after.id(0));
  const [photo] = after.board.snapshot().photos;
  expect(photo?.stage).toMatchObject({ problem: { type: 'urn:nws:page:file_gone' } });
  after.board.add([fileOf('1.jpg')]);
  await settle();
  expect(after.stages).toEqual(['uploading']);
});

test('a chosen photo whose file was not kept is asked for again, and is chosen then', async () => {
  const page = await choosing(1);
  page.shelf.kinds.files.clear();
  const after = await reloaded(page);
  expect(after.stages).toEqual(['unsent']);
  after.board.add([fileOf('1.jpg')]);
  await settle();
  expect(after.stages).toEqual(['chosen']);
});

test('what the server forgets is not found again', async () => {
  const page = await working();
  vi.setSystemTime(Date.now() + KEPT_MS_MAX);
  const after = await reloaded(page);
  expect(after.stages).toEqual([]);
  expect(Object.values(page.shelf.kinds).map(({ size }) => size)).toEqual([0, 0, 0, 0, 0]);
});

test('what is removed is kept no longer', async () => {
  const page = await working();
  page.board.remove(page.id(0));
  const { photos, files, thumbnails } = page.shelf.kinds;
  expect([photos.size, files.size, thumbnails.size]).toEqual([0, 0, 0]);
});
