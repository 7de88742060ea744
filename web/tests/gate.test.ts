import { describe, onTestFinished } from 'vitest';
import { expectAccessible } from './support/accessible';
import { Gate } from './support/gate';
import type { Nws } from './support/nws';
import { expect, test } from './support/test';
import type { Visit } from './support/visit';
import { enterKey, keyDialog, openLetters } from './support/visit-keys';

const KEY = 'nws_a-key-that-nobody-guesses';

async function gateBefore(nws: Nws, keys: Record<string, readonly string[]> | null): Promise<Gate> {
  const gate = await Gate.before(nws.address);
  gate.keys = keys && new Map(Object.entries(keys));
  onTestFinished(() => gate.dispose());
  return gate;
}

/** It asks for a key as it arrives, and the browser notes each refusal. */
async function refused(
  visit: (url: string, options?: object) => Promise<Visit>,
  url: string,
  options = {},
): Promise<Visit> {
  const arrived = await visit(url, options);
  arrived.expects(/Failed to load resource/);
  await keyDialog(arrived).waitFor();
  return arrived;
}

const LETTER = {
  id: '4f1c9d00aabbccddeeff00112233445566778899aabbccddeeff001122334455',
  reason: 'attempts_spent',
  deadAtMs: Date.now() - 7_500_000,
  attempt: 14,
  crashes: 0,
  history: [
    {
      attempt: 14,
      atMs: 1,
      worker: 'w',
      code: 'objects_unavailable',
      message: 'S3 did not answer',
    },
  ],
  sizeBytes: 912,
  jobId: null,
  readable: true,
};
const OTHER = { ...LETTER, id: 'by-hand', reason: 'unknown', deadAtMs: null, readable: false };

describe('a server that asks for a key', () => {
  test('photos that wait for a key go on with it, and nobody else hears of it', async ({
    painter,
    serve,
    visit,
  }) => {
    const gate = await gateBefore(await serve(), { [KEY]: ['upload', 'read'] });
    const arrived = await refused(visit, gate.url);
    await arrived.page.keyboard.press('Escape');
    await arrived.begin(...(await painter.photographs(2)));
    await arrived.photo('photo-2.jpg').getByText('Waits for a key').waitFor();
    expect(arrived.uploads()).toEqual([]);
    await arrived.page.getByRole('button', { name: 'Enter a key' }).click();
    await enterKey(arrived, KEY);
    await arrived.done(2);
    await arrived.page.getByText('A key is in use').waitFor();
    const addresses = arrived.requests.map((request) => request.url());
    expect(addresses.filter((address) => address.includes(KEY))).toEqual([]);
    expect(addresses.every((address) => /^blob:|^http:\/\/127\.0\.0\.1/.test(address))).toBe(true);
  });

  test('an upload that is refused for want of a key is no failed photo', async ({
    painter,
    serve,
    visit,
  }) => {
    const gate = await gateBefore(await serve(), { [KEY]: ['upload', 'read'] });
    const arrived = await refused(visit, gate.url);
    await enterKey(arrived, KEY);
    await arrived.choose(await painter.photograph('photo-1.jpg', 1));
    await arrived.beginButton.waitFor();
    gate.keys?.set('nws_new', ['upload', 'read']);
    gate.uploadsOnlyWith = 'nws_new';
    await arrived.beginButton.click();
    await arrived.photo('photo-1.jpg').getByText('Waits for a key').waitFor();
    await keyDialog(arrived).getByText('there is no such API key').waitFor();
    await enterKey(arrived, 'nws_new');
    await arrived.done(1);
    const uploads = gate.seen.filter((seen) => seen.startsWith('POST /upload'));
    expect(uploads).toEqual([`POST /upload ${KEY}`, 'POST /upload nws_new']);
  });

  test('a wrong key is told so, and can be corrected', async ({ serve, visit }) => {
    const gate = await gateBefore(await serve(), { [KEY]: ['upload', 'read'] });
    const arrived = await refused(visit, gate.url);
    await enterKey(arrived, 'two words');
    await keyDialog(arrived).getByText('This is no key').waitFor();
    await enterKey(arrived, 'nws_wrong');
    await keyDialog(arrived).getByText('there is no such API key').waitFor();
    await enterKey(arrived, KEY);
    await keyDialog(arrived).waitFor({ state: 'detached' });
    await arrived.page.getByText('live', { exact: true }).waitFor();
  });

  test('a key outlives a reload, and is gone once it is forgotten', async ({ serve, visit }) => {
    const gate = await gateBefore(await serve(), { [KEY]: ['upload', 'read'] });
    const arrived = await refused(visit, gate.url);
    await enterKey(arrived, KEY);
    await arrived.page.getByText('live', { exact: true }).waitFor();
    await arrived.page.reload();
    await arrived.page.getByText('live', { exact: true }).waitFor();
    const stored = () =>
      arrived.page.evaluate(() => [
        ...Object.values(sessionStorage),
        ...Object.values(localStorage),
      ]);
    expect(await stored()).toContain(KEY);
    await arrived.page.getByRole('button', { name: 'Forget key' }).click();
    await arrived.page.getByText('This server asks for a key.').waitFor();
    expect(await stored()).not.toContain(KEY);
  });

  test('a result is shown and saved where only the key opens it', async ({
    painter,
    serve,
    visit,
  }) => {
    const gate = await gateBefore(await serve(), { [KEY]: ['upload', 'read'] });
    const arrived = await refused(visit, gate.url);
    await enterKey(arrived, KEY);
    await arrived.begin(await painter.photograph('photo-1.jpg', 1));
    await arrived.done(1);
    const link = arrived.page.getByRole('link', { name: 'Download photo-1.jpg' });
    const saved = await arrived.download(link);
    expect(saved.bytes.length).toBeGreaterThan(1000);
    expect(saved.name).toContain('photo-1');
    await arrived.compareButton('photo-1.jpg').click();
    const after = arrived
      .compareDialog('photo-1.jpg')
      .getByRole('img', { name: 'photo-1.jpg after' });
    await expect
      .poll(() =>
        after.evaluate((image) => image instanceof HTMLImageElement && image.naturalWidth),
      )
      .toBeGreaterThan(100);
    expect(await after.getAttribute('src')).toMatch(/^blob:/);
  });

  test('a key that may not upload says which scope it lacks', async ({ painter, serve, visit }) => {
    const gate = await gateBefore(await serve(), { [KEY]: ['read'] });
    const arrived = await refused(visit, gate.url);
    await enterKey(arrived, KEY);
    await arrived.begin(await painter.photograph('photo-1.jpg', 1));
    await arrived.photo('photo-1.jpg').getByText('does not allow this').waitFor();
    await arrived.page.getByText('does not have the scope “upload”').waitFor();
  });

  test.for(['en-GB', 'fr-FR'])(
    'the question breaks no rule and fits a small phone, in %s',
    async (locale, { serve, visit }) => {
      const gate = await gateBefore(await serve(), {});
      const arrived = await refused(visit, gate.url, {
        locale,
        viewport: { width: 320, height: 640 },
      });
      await expectAccessible(arrived.page);
      await expectNoSidewaysScroll(arrived);
      await arrived.page.keyboard.press('Escape');
      await expectAccessible(arrived.page);
      await expectNoSidewaysScroll(arrived);
    },
  );
});

describe('dead letters', () => {
  test('are told in words, and one that is replayed says what became of it', async ({
    serve,
    visit,
  }) => {
    const gate = await gateBefore(await serve(), null);
    gate.letters.list = () => ({ letters: [LETTER, OTHER], total: 2, complete: true });
    gate.letters.replay = (id) =>
      id === LETTER.id ? { letters: [{ id, reason: 'attempts_spent', fate: 'replayed' }] } : 404;
    const arrived = await visit(gate.url);
    arrived.expects(/404/);
    const dialog = await openLetters(arrived);
    const first = dialog.getByRole('listitem', { name: 'Every attempt failed' });
    await first.getByText('S3 did not answer').waitFor();
    await first.getByText('2 hours ago').waitFor();
    await first.getByText('4f1c9d00…4455').waitFor();
    await first.getByRole('button', { name: 'Replay' }).focus();
    await arrived.page.keyboard.press('Enter');
    await first.getByText('Sent once more').waitFor();
    const second = dialog.getByRole('listitem', { name: 'Put there by hand' });
    await second.getByRole('button', { name: 'Replay' }).click();
    await second.getByText('not there any more').waitFor();
    gate.letters.list = () => ({ letters: [], total: 0, complete: true });
    await dialog.getByRole('button', { name: 'Refresh' }).click();
    await dialog.getByText('There are none').waitFor();
    await arrived.page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
  });

  test('that are more than are shown say so', async ({ serve, visit }) => {
    const gate = await gateBefore(await serve(), null);
    gate.letters.list = () => ({ letters: [LETTER], total: 250, complete: true });
    const dialog = await openLetters(await visit(gate.url));
    await dialog.getByText('1 of 250 are shown').waitFor();
  });

  test('of a queue that is away can be looked at again', async ({ serve, visit }) => {
    const gate = await gateBefore(await serve(), null);
    gate.letters.list = () => 503;
    const arrived = await visit(gate.url);
    arrived.expects(/503/);
    const dialog = await openLetters(arrived);
    await dialog.getByText('out of reach').waitFor();
    gate.letters.list = () => ({ letters: [OTHER], total: 1, complete: true });
    await dialog.getByRole('button', { name: 'Refresh' }).click();
    await dialog.getByText('One letter').waitFor();
  });

  test('are for who has the scope admin, and come with a key that has it', async ({
    serve,
    visit,
  }) => {
    const gate = await gateBefore(await serve(), {
      [KEY]: ['upload', 'read'],
      nws_admin: ['read', 'admin'],
    });
    const arrived = await refused(visit, gate.url);
    await enterKey(arrived, KEY);
    await keyDialog(arrived).waitFor({ state: 'detached' });
    const dialog = await openLetters(arrived);
    await dialog.getByText('they need the scope “admin”').waitFor();
    await dialog.getByRole('button', { name: 'Enter a key' }).click();
    await enterKey(arrived, 'nws_admin');
    await dialog.getByText('There are none').waitFor();
  });

  test.for(['en-GB', 'fr-FR'])(
    'break no rule and fit a small phone, in %s',
    async (locale, { serve, visit }) => {
      const gate = await gateBefore(await serve(), null);
      gate.letters.list = () => ({ letters: [LETTER, OTHER], total: 9, complete: false });
      const arrived = await visit(gate.url, { locale, viewport: { width: 320, height: 640 } });
      const dialog = await openLetters(arrived);
      await dialog.getByRole('listitem').first().waitFor();
      await expectAccessible(arrived.page);
      await expectNoSidewaysScroll(arrived);
    },
  );
});

async function expectNoSidewaysScroll({ page }: Visit): Promise<void> {
  const { wide, screen } = await page.evaluate(() => ({
    wide: Math.max(
      ...[document.documentElement, ...document.querySelectorAll('dialog')].map(
        (element) => element.scrollWidth,
      ),
    ),
    screen: document.documentElement.clientWidth,
  }));
  expect(wide).toBeLessThanOrEqual(screen);
}
