import { describe } from 'vitest';
import { credential, letsIn, signsLinks } from './support/credentials';
import { expect, test } from './support/test';
import { enterKey, keyDialog } from './support/visit-keys';

describe('a server with keys', () => {
  test.for([
    ['signed links', [signsLinks()]],
    ['the key alone', []],
  ] as const)('shows and saves a result by %s', async ([_, links], { painter, serve, visit }) => {
    const { key, ...rest } = credential('page', 'upload', 'read');
    const arrived = await visit((await serve(letsIn({ key, ...rest }), ...links)).url);
    arrived.expects(/Failed to load resource/);
    await enterKey(arrived, key);
    await arrived.begin(...(await painter.photographs(2)));
    await arrived.done(2);
    const link = arrived.page.getByRole('link', { name: 'Download photo-1.jpg' });
    expect((await link.getAttribute('href'))?.includes('sig=')).toBe(links.length > 0);
    expect((await arrived.download(link)).bytes.length).toBeGreaterThan(1000);
    const zip = arrived.page.getByRole('button', { name: 'Download all (ZIP)' });
    expect((await arrived.download(zip)).bytes.length).toBeGreaterThan(2000);
    await arrived.compareButton('photo-1.jpg').click();
    const after = arrived
      .compareDialog('photo-1.jpg')
      .getByRole('img', { name: 'photo-1.jpg after' });
    const width = () =>
      after.evaluate((image) => image instanceof HTMLImageElement && image.naturalWidth);
    await expect.poll(width).toBeGreaterThan(100);
  });

  test('takes photos that waited for a key, and no other key than its own', async ({
    painter,
    serve,
    visit,
  }) => {
    const page = credential('page', 'upload', 'read');
    const arrived = await visit((await serve(letsIn(page), signsLinks())).url);
    arrived.expects(/Failed to load resource/);
    await keyDialog(arrived).waitFor();
    await arrived.page.keyboard.press('Escape');
    await arrived.begin(...(await painter.photographs(2)));
    await arrived.photo('photo-1.jpg').getByText('Waits for a key').waitFor();
    await arrived.page.getByRole('button', { name: 'Enter a key' }).click();
    await enterKey(arrived, credential('stranger', 'read').key);
    await keyDialog(arrived).getByText('does not take this key').waitFor();
    await enterKey(arrived, page.key);
    await arrived.done(2);
  });

  test('says which scope a key lacks', async ({ painter, serve, visit }) => {
    const reader = credential('reader', 'read');
    const arrived = await visit((await serve(letsIn(reader))).url);
    arrived.expects(/Failed to load resource/);
    await enterKey(arrived, reader.key);
    await arrived.begin(await painter.photograph('photo-1.jpg', 1));
    await arrived.page.getByText('does not have the scope “upload”').waitFor();
    await arrived.photo('photo-1.jpg').getByText('does not allow this').waitFor();
  });
});
