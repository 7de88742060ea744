import type { Locator } from 'playwright-core';
import { describe } from 'vitest';
import { expect, test } from './support/test';
import type { Visit } from './support/visit';

describe('before and after', () => {
  test('the slider follows the mouse', async ({ painter, serve, visit }) => {
    const arrived = await visit((await serve()).url);
    await arrived.begin(await painter.photograph('photo-1.jpg', 1));
    const slider = await openSlider(arrived, 'photo-1.jpg');
    const before = await positionOf(slider);
    const handle = await slider.boundingBox();
    if (!handle) throw new Error('the slider is not in sight');
    const [x, y] = [handle.x + handle.width / 2, handle.y + handle.height / 2];
    await arrived.page.mouse.move(x, y);
    await arrived.page.mouse.down();
    await arrived.page.mouse.move(x - 200, y, { steps: 5 });
    await arrived.page.mouse.up();
    await expect.poll(() => positionOf(slider)).toBeLessThan(before - 5);
  });

  test('the slider follows the keyboard', async ({ painter, serve, visit }) => {
    const arrived = await visit((await serve()).url);
    await arrived.begin(await painter.photograph('photo-1.jpg', 1));
    const slider = await openSlider(arrived, 'photo-1.jpg');
    const before = await positionOf(slider);
    await slider.focus();
    await arrived.page.keyboard.press('ArrowRight');
    await expect.poll(() => positionOf(slider)).toBeGreaterThan(before);
    await arrived.page.keyboard.press('ArrowLeft');
    await expect.poll(() => positionOf(slider)).toBe(before);
  });

  test('at 100 % a pixel of the result is a pixel of the screen', async ({
    painter,
    serve,
    visit,
  }) => {
    const arrived = await visit((await serve()).url);
    await arrived.begin(await painter.photograph('photo-1.jpg', 1));
    await openSlider(arrived, 'photo-1.jpg');
    const dialog = arrived.compareDialog('photo-1.jpg');
    await dialog.getByRole('button', { name: /100\s?%/ }).click();
    await expect.poll(() => scaleOf(dialog)).toBeCloseTo(1, 2);
  });

  test('what was saved is said in figures', async ({ painter, serve, visit }) => {
    const arrived = await visit((await serve()).url);
    await arrived.begin(await painter.photograph('photo-1.jpg', 1));
    await openSlider(arrived, 'photo-1.jpg');
    const words = await arrived.compareDialog('photo-1.jpg').innerText();
    expect(words).toMatch(/\d+\s?%/);
    expect(words).toMatch(/\d+\s?(kB|MB)/);
    expect(words).toContain('JPEG');
  });
});

async function openSlider(visit: Visit, filename: string): Promise<Locator> {
  await visit.compareButton(filename).click();
  const slider = visit.compareDialog(filename).getByRole('slider');
  await slider.waitFor();
  return slider;
}

async function positionOf(slider: Locator): Promise<number> {
  return Number(await slider.getAttribute('aria-valuenow'));
}

/** Pixels of the screen for each pixel of the result. */
function scaleOf(dialog: Locator): Promise<number> {
  return dialog.evaluate((element) => {
    const images = [...element.querySelectorAll('img')];
    const result = images.find(({ src }) => src.includes('/image/')) ?? images.at(-1);
    if (!result || result.naturalWidth === 0) return 0;
    return (result.getBoundingClientRect().width * devicePixelRatio) / result.naturalWidth;
  });
}
