import type { Locator, Page } from 'playwright-core';
import { describe } from 'vitest';
import { textFile } from './support/photographs';
import { expect, test } from './support/test';

/** More than there are stops on the page. */
const TABS_MAX = 120;

describe('without a mouse', () => {
  test('a photo is chosen, sent, compared and left again', async ({ painter, serve, visit }) => {
    const arrived = await visit((await serve()).url);
    const { page } = arrived;
    const { name, mimeType, bytes } = await painter.photograph('photo-1.jpg', 1);

    await tabTo(page, arrived.chooseButton);
    const dialog = page.waitForEvent('filechooser');
    await page.keyboard.press('Enter');
    await (await dialog).setFiles({ name, mimeType, buffer: bytes });

    await arrived.beginButton.waitFor();
    await tabTo(page, arrived.beginButton);
    await page.keyboard.press('Enter');
    await arrived.done(1);

    await tabTo(page, arrived.compareButton(name));
    await page.keyboard.press('Enter');
    const slider = arrived.compareDialog(name).getByRole('slider');
    await slider.waitFor();
    await tabTo(page, slider);
    const before = Number(await slider.getAttribute('aria-valuenow'));
    await page.keyboard.press('ArrowLeft');
    await expect
      .poll(async () => Number(await slider.getAttribute('aria-valuenow')))
      .toBeLessThan(before);

    await page.keyboard.press('Escape');
    await arrived.compareDialog(name).waitFor({ state: 'hidden' });
    await expect.poll(() => isFocused(arrived.compareButton(name))).toBe(true);
  });

  test('the focus stays in the list when what had it goes', async ({ painter, serve, visit }) => {
    const arrived = await visit((await serve()).url);
    const { page } = arrived;
    await arrived.choose(...(await painter.photographs(3)), textFile('diary.jpg'));
    const remove = (filename: string) =>
      page.getByRole('button', { name: `Remove ${filename} from the page` });

    await remove('photo-1.jpg').press('Enter');
    await expect.poll(() => isFocused(remove('photo-2.jpg'))).toBe(true);
    await remove('diary.jpg').press('Enter');
    await expect.poll(() => isFocused(remove('photo-3.jpg'))).toBe(true);

    await arrived.beginButton.press('Enter');
    await arrived.done(2);
    await page.getByRole('button', { name: 'Remove ended' }).press('Enter');
    await expect.poll(() => isFocused(page.getByRole('region', { name: 'Photos' }))).toBe(true);
  });
});

/** Goes on with the Tab key until `target` has the focus, and sees each stop framed. */
async function tabTo(page: Page, target: Locator): Promise<void> {
  for (let tabs = 0; tabs < TABS_MAX; tabs += 1) {
    if (await isFocused(target)) return;
    await page.keyboard.press('Tab');
    expect(await unframedFocus(page)).toBeNull();
  }
  throw new Error(`the Tab key does not lead to ${target}`);
}

function isFocused(target: Locator): Promise<boolean> {
  return target.evaluate((element) => element === document.activeElement);
}

/** What has the focus without a frame that shows it. The browser's own parts, its address bar among them, frame themselves. */
function unframedFocus(page: Page): Promise<string | null> {
  return page.evaluate(() => {
    const focused = document.activeElement;
    if (!focused || focused === document.body) return null;
    const near = [focused, focused.nextElementSibling, ...focused.querySelectorAll('*')];
    const framed = near.some((element) => {
      if (!element) return false;
      const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(element);
      return (outlineStyle !== 'none' && outlineWidth !== '0px') || boxShadow !== 'none';
    });
    return framed ? null : focused.outerHTML;
  });
}
