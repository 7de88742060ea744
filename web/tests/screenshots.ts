import path from 'node:path';

import { type Painter, textFile } from './support/photographs';
import { test } from './support/test';
import type { Visit } from './support/visit';

/** Where the README looks for them. */
const FOLDER = path.resolve(import.meta.dirname, '../../docs/page');

/** Without grain, which would make a picture of the page ten times as long. */
const CAMERA = { width: 2400, height: 1600, grain: 0 };
const NAMES = ['dawn.jpg', 'ridge.jpg', 'pass.jpg', 'heath.jpg', 'evening.jpg'];
const PHONE = { viewport: { width: 390, height: 844 } };

test('empty', async ({ serve, visit }) => {
  await take(await visit((await serve()).url), 'empty');
});

test('working', async ({ painter, serve, wireTo, visit }) => {
  const wire = await wireTo(await serve('worker_slots=1'), 150_000);
  const arrived = await visit(wire.url);
  await arrived.begin(...(await landscapes(painter)));
  await arrived.done(2);
  await take(arrived, 'working');
});

test('done', async ({ painter, serve, visit }) => {
  const arrived = await visit((await serve('worker_slots=1')).url);
  await arrived.begin(...(await landscapes(painter)));
  await arrived.done(NAMES.length);
  await arrived.page.locator('.fleet-figure', { hasText: /\d.*p50/ }).waitFor();
  await take(arrived, 'done');
  await arrived.page.emulateMedia({ colorScheme: 'dark' });
  await take(arrived, 'dark');
  await arrived.page.emulateMedia({ colorScheme: 'light' });
  await arrived.compareButton('dawn.jpg').click();
  await arrived.compareDialog('dawn.jpg').getByRole('slider').waitFor();
  await take(arrived, 'compare');
});

test('failed', async ({ painter, serve, visit }) => {
  const arrived = await visit((await serve()).url);
  const [dawn] = await landscapes(painter);
  if (!dawn) throw new Error('no photograph');
  await arrived.begin(dawn, await painter.brokenPhotograph('torn.jpg'), textFile('diary.jpg'));
  await arrived.done(1);
  await arrived.photo('torn.jpg').getByText('damaged').waitFor();
  await take(arrived, 'failed');
});

test('phone', async ({ painter, serve, visit }) => {
  const arrived = await visit((await serve()).url, PHONE);
  await arrived.begin(...(await landscapes(painter)).slice(0, 3));
  await arrived.done(3);
  await take(arrived, 'phone', arrived.page.getByRole('heading', { name: '3 of 3 done' }));
});

async function landscapes(painter: Painter) {
  return Promise.all(NAMES.map((name, index) => painter.photograph(name, index + 1, CAMERA)));
}

/** The page from `top` on, once every picture of the page has arrived. */
async function take({ page }: Visit, name: string, top = page.locator('html')): Promise<void> {
  await top.evaluate((element) => element.scrollIntoView({ block: 'start' }));
  await page.evaluate(() => Promise.all([...document.images].map((image) => image.decode())));
  await page.screenshot({ path: path.join(FOLDER, `${name}.png`), animations: 'disabled' });
}
