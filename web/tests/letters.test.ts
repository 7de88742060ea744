import type { Locator } from 'playwright-core';
import { describe } from 'vitest';
import { credential, letsIn } from './support/credentials';
import type { Nws } from './support/nws';
import type { Painter } from './support/photographs';
import { expect, test } from './support/test';
import type { Visit } from './support/visit';
import { enterKey, openLetters } from './support/visit-keys';

/** As many as are sent at once. */
const PHOTOS = 3;
/** What keeps the only slot for seconds: many pixels, written as AVIF. The photos wait behind it. */
const LARGE = { width: 5000, height: 3500, grain: 3 };

describe('the dead letters of a real queue', () => {
  test('are none where every job ended', async ({ serve, visit }) => {
    const dialog = await openLetters(await visit((await serve()).url));
    await dialog.getByText('There are none').waitFor();
  });

  test('are told in words and replayed one by one', async ({ painter, serve, visit }) => {
    const nws = await serve('worker_slots=1');
    const arrived = await visit(nws.url);
    arrived.expects(/Failed to load resource/);
    await loseOriginals(nws, arrived, painter);
    const dialog = await openLetters(arrived);
    const letters = dialog.getByRole('listitem', { name: 'not in the object store' });
    await expect.poll(() => lookedAgain(dialog, letters)).toBe(PHOTOS + 1);
    await letters.first().getByRole('button', { name: 'Replay' }).click();
    await letters.first().getByText('Sent once more').waitFor();
    // Its original is still away, so it dies again.
    await expect.poll(() => lookedAgain(dialog, letters)).toBe(PHOTOS + 1);
  });

  test('are for who has the scope admin', async ({ serve, visit }) => {
    const [page, operator] = [
      credential('page', 'upload', 'read'),
      credential('operator', 'read', 'admin'),
    ];
    const arrived = await visit((await serve(letsIn(page, operator))).url);
    arrived.expects(/Failed to load resource/);
    await enterKey(arrived, page.key);
    const dialog = await openLetters(arrived);
    await dialog.getByText('they need the scope “admin”').waitFor();
    await dialog.getByRole('button', { name: 'Enter a key' }).click();
    await enterKey(arrived, operator.key);
    await dialog.getByText('There are none').waitFor();
  });
});

async function lookedAgain(dialog: Locator, letters: Locator): Promise<number> {
  await dialog.getByRole('button', { name: 'Refresh' }).click();
  await dialog.locator('[aria-busy="false"]').waitFor();
  return letters.count();
}

/** Accepted photos whose originals are gone when their turn comes: the server dies with them on its queue. */
async function loseOriginals(nws: Nws, arrived: Visit, painter: Painter): Promise<void> {
  await occupySlot(nws, painter);
  await arrived.begin(...(await painter.photographs(PHOTOS)));
  await expect.poll(() => arrived.uploads().length).toBe(PHOTOS);
  await arrived.jobs();
  await nws.kill();
  await nws.loseOriginals();
  await nws.startAgain();
  await arrived.page.getByText('does not have the original any more').first().waitFor();
}

async function occupySlot(nws: Nws, painter: Painter): Promise<void> {
  const { name, mimeType, bytes } = await painter.photograph('large.jpg', 9, LARGE);
  const form = new FormData();
  form.append('wm_format', 'avif');
  form.append('width', String(LARGE.width));
  form.append('height', String(LARGE.height));
  form.append('image', new Blob([new Uint8Array(bytes)], { type: mimeType }), name);
  const answer = await fetch(`${nws.url}/upload`, { method: 'POST', body: form });
  expect(answer.status).toBe(202);
}
