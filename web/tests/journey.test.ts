import { describe } from 'vitest';
import { expect, test } from './support/test';
import { unzip } from './support/zip';

describe('from the drop to the download', () => {
  test('an empty page says what it is for and what it takes', async ({ serve, visit }) => {
    const { page, chooseButton } = await visit((await serve()).url);
    expect(await page.title()).toBe('NWS Watermark');
    await page.getByText('Drop photos, watch each one travel, compare the result.').waitFor();
    await page
      .getByText(/JPEG.*PNG.*WebP.*AVIF/)
      .first()
      .waitFor();
    expect(await chooseButton.isEnabled()).toBe(true);
  });

  test('five dropped photos travel, and every step says its milliseconds', async ({
    painter,
    serve,
    visit,
  }) => {
    const photographs = await painter.photographs(5);
    const arrived = await visit((await serve()).url);
    await arrived.drop(...photographs);
    await arrived.beginButton.click();
    await arrived.done(5);
    for (const { name } of photographs) {
      const words = await arrived.photo(name).innerText();
      for (const step of ['decode', 'resize', 'watermark', 'encode', 'save']) {
        expect(words.replaceAll(/\s+/g, ' ')).toMatch(new RegExp(`${step} [\\d.]+ m?s`));
      }
    }
    expect(arrived.uploads()).toHaveLength(5);
  });

  test('a step is seen while it happens', async ({ painter, serve, wireTo, visit }) => {
    const wire = await wireTo(await serve('worker_slots=1'), 3_000_000);
    const arrived = await visit(wire.url);
    await arrived.begin(...(await painter.photographs(5)));
    const first = arrived.photo('photo-1.jpg');
    await first.getByRole('progressbar').waitFor();
    await arrived.page
      .getByText(/^running now$/)
      .first()
      .waitFor({ state: 'attached' });
    await arrived.done(5);
  });

  test('a download is the result, byte for byte', async ({ painter, serve, visit }) => {
    const arrived = await visit((await serve()).url);
    await arrived.begin(await painter.photograph('photo-1.jpg', 1));
    const { name, bytes } = await arrived.download(
      arrived.page.getByRole('link', { name: 'Download photo-1.jpg' }),
    );
    expect(name).toBe('photo-1-marked.jpg');
    expect(bytes.equals(await arrived.result(0))).toBe(true);
  });

  test('all results come as one ZIP that can be read', async ({ painter, serve, visit }) => {
    const arrived = await visit((await serve()).url);
    await arrived.begin(...(await painter.photographs(5)));
    await arrived.done(5);
    const { bytes } = await arrived.download(
      arrived.page.getByRole('button', { name: /^Download all.*ZIP/ }),
    );
    const files = unzip(bytes);
    expect([...files.keys()].sort()).toEqual([1, 2, 3, 4, 5].map((n) => `photo-${n}-marked.jpg`));
    const first = await arrived.result(0);
    expect([...files.values()].some((file) => file.equals(first))).toBe(true);
  });

  test('the same photo again is known, and costs no work', async ({ painter, serve, visit }) => {
    const arrived = await visit((await serve()).url);
    const photograph = await painter.photograph('photo-1.jpg', 1);
    await arrived.begin(photograph);
    await arrived.done(1);
    await arrived.begin({ ...photograph, name: 'again.jpg' });
    await arrived.photo('again.jpg').getByText('Already known').waitFor();
  });

  test('eight jobs are followed on one connection, and not on eight', async ({
    painter,
    serve,
    visit,
  }) => {
    const arrived = await visit((await serve('worker_slots=1')).url);
    await arrived.begin(...(await painter.photographs(8)));
    await arrived.done(8);
    // A stream that has to be wider is opened before the one it takes over from is let go.
    expect(arrived.streamsAtOnceMax).toBeLessThanOrEqual(2);
  });
});
