import { describe } from 'vitest';
import { expect, test } from './support/test';

/** Slow enough to press a button in the middle of an upload. */
const BYTES_PER_SECOND = 400_000;

describe('the user is in charge', () => {
  test('a pause stops what is on its way, and it goes on from there', async ({
    painter,
    serve,
    wireTo,
    visit,
  }) => {
    const wire = await wireTo(await serve(), BYTES_PER_SECOND);
    const arrived = await visit(wire.url);
    await arrived.begin(...(await painter.photographs(4)));
    await arrived.photo('photo-1.jpg').getByRole('progressbar').waitFor();
    await arrived.page.getByRole('button', { name: 'Pause' }).click();
    await arrived.photo('photo-4.jpg').getByText('Paused').waitFor();
    const sent = arrived.uploads().length;
    await arrived.page.getByRole('button', { name: 'Resume' }).click();
    await arrived.done(4);
    expect(sent).toBeLessThan(4);
  });

  test('a photo that is cancelled on its way is not made', async ({
    painter,
    serve,
    wireTo,
    visit,
  }) => {
    const wire = await wireTo(await serve(), BYTES_PER_SECOND);
    const arrived = await visit(wire.url);
    await arrived.begin(...(await painter.photographs(2)));
    const second = arrived.photo('photo-2.jpg');
    await second.getByRole('button', { name: 'Cancel photo-2.jpg' }).click();
    await arrived.done(1);
    expect(await arrived.compareButtons.count()).toBe(1);
  });

  test('a double click on cancel does not remove the photo', async ({
    painter,
    serve,
    wireTo,
    visit,
  }) => {
    const wire = await wireTo(await serve(), BYTES_PER_SECOND);
    const arrived = await visit(wire.url);
    await arrived.begin(await painter.photograph('photo-1.jpg', 1));
    await arrived.page.getByRole('button', { name: 'Cancel photo-1.jpg' }).dblclick();
    await arrived.photo('photo-1.jpg').getByText('Ready to be sent').waitFor();
  });

  test('a photo that is removed leaves the page for good', async ({ painter, serve, visit }) => {
    const arrived = await visit((await serve()).url);
    await arrived.begin(...(await painter.photographs(2)));
    await arrived.done(2);
    await arrived.page.getByRole('button', { name: /^Remove photo-1.jpg/ }).click();
    await arrived.photo('photo-1.jpg').waitFor({ state: 'detached' });
    await arrived.page.reload();
    await arrived.done(1);
    expect(await arrived.photo('photo-1.jpg').count()).toBe(0);
  });
});
