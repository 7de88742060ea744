import { describe } from 'vitest';
import { textFile } from './support/photographs';
import { expect, test } from './support/test';

describe('what does not work says so', () => {
  test('a text that calls itself a photo is refused before anything is sent', async ({
    painter,
    serve,
    visit,
  }) => {
    const arrived = await visit((await serve()).url);
    await arrived.choose(textFile('diary.jpg'), await painter.photograph('photo-1.jpg', 1));
    await arrived.photo('diary.jpg').getByText('not an image that can be read').waitFor();
    expect(arrived.uploads()).toEqual([]);
    await arrived.beginButton.click();
    await arrived.done(1);
    expect(arrived.uploads()).toHaveLength(1);
  });

  test('a photo that is too large is told with its size and the limit', async ({
    painter,
    serve,
    visit,
  }) => {
    const arrived = await visit((await serve('image_bytes_max=300000')).url);
    const photograph = await painter.photograph('large.jpg', 1);
    await arrived.choose(photograph);
    const words = arrived.photo('large.jpg').getByText('The file is too large');
    await words.waitFor();
    const measured = `${Math.round(photograph.bytes.length / 1000)} kB`;
    expect(tidy(await words.innerText())).toContain(`${measured}, and 300 kB is the limit`);
    expect(arrived.uploads()).toEqual([]);
  });

  test('a damaged photo fails, says why and what to do, and is tried again', async ({
    painter,
    serve,
    visit,
  }) => {
    const arrived = await visit((await serve()).url);
    await arrived.begin(await painter.brokenPhotograph('broken.jpg'));
    const broken = arrived.photo('broken.jpg');
    await broken.getByText('damaged and cannot be read to its end').waitFor();
    await broken.getByText('Export or copy it again').waitFor();
    await broken.getByText('JPEG cannot be decoded').waitFor();
    await broken.getByRole('button', { name: 'Send broken.jpg again' }).click();
    await expect.poll(() => arrived.uploads().length).toBe(2);
    await broken.getByText('damaged and cannot be read to its end').waitFor();
  });
});

function tidy(words: string): string {
  return words.replaceAll(/\s+/g, ' ');
}
