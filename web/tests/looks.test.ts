import { describe } from 'vitest';
import { expectAccessible } from './support/accessible';
import { textFile } from './support/photographs';
import { expect, test } from './support/test';
import type { Visit } from './support/visit';

/** A fifth of what counts as a good page (0.1, https://web.dev/articles/cls): a figure that grows by a digit is left. */
const SHIFT_MAX = 0.02;

describe.each([320, 390])('on a phone of %i pixels', (width) => {
  test('nothing is wider than the screen', async ({ painter, serve, visit }) => {
    const arrived = await visit((await serve()).url, { viewport: { width, height: 700 } });
    await expectNoSidewaysScroll(arrived);
    await arrived.begin(...(await painter.photographs(2)), textFile('a-rather-long-name.jpg'));
    await arrived.done(2);
    await expectNoSidewaysScroll(arrived);
    await expectAllReachable(arrived);
    await arrived.compareButton('photo-1.jpg').click();
    await arrived.compareDialog('photo-1.jpg').getByRole('slider').waitFor();
    await expectNoSidewaysScroll(arrived);
  });
});

describe('calm', () => {
  test('nothing moves while the page arrives', async ({ serve, visit }) => {
    const arrived = await visit((await serve()).url);
    await arrived.page.getByText('100 megapixels').waitFor();
    expect(await shiftSince(0, arrived)).toBeLessThan(SHIFT_MAX);
  });

  test('nothing moves while photos travel', async ({ painter, serve, visit }) => {
    const arrived = await visit((await serve()).url);
    await arrived.begin(...(await painter.photographs(5)));
    const begunMs = await arrived.page.evaluate(() => performance.now());
    await arrived.done(5);
    expect(await shiftSince(begunMs, arrived)).toBeLessThan(SHIFT_MAX);
  });

  test('nothing moves while a reload brings photos back', async ({ painter, serve, visit }) => {
    const arrived = await visit((await serve()).url);
    await arrived.begin(...(await painter.photographs(2)));
    await arrived.done(2);
    await arrived.page.reload();
    await arrived.done(2);
    expect(await shiftSince(0, arrived)).toBeLessThan(0.002);
  });

  test('the dark theme is kept', async ({ serve, visit }) => {
    const arrived = await visit((await serve()).url);
    const light = await groundOf(arrived);
    await arrived.page.getByRole('combobox', { name: 'Theme' }).selectOption('dark');
    await expect.poll(() => groundOf(arrived)).not.toBe(light);
    const dark = await groundOf(arrived);
    await arrived.page.reload();
    await arrived.chooseButton.waitFor();
    expect(await groundOf(arrived)).toBe(dark);
  });

  test('a dark system has a dark page', async ({ serve, visit }) => {
    const { url } = await serve();
    const light = await groundOf(await visit(url, { colorScheme: 'light' }));
    const dark = await groundOf(await visit(url, { colorScheme: 'dark' }));
    expect(dark).not.toBe(light);
  });
});

describe.each(['en-GB', 'fr-FR'])('for everybody, in %s', (locale) => {
  test('no rule of WCAG 2.2 AA is broken, from empty to compared', async ({
    painter,
    serve,
    visit,
  }) => {
    const arrived = await visit((await serve()).url, { locale });
    await expectAccessible(arrived.page);
    const [first, second] = await painter.photographs(2);
    const broken = await painter.brokenPhotograph('broken.jpg');
    if (!first || !second) throw new Error('two photographs');
    await arrived.choose(first, second, broken, textFile('diary.jpg'));
    await arrived.beginButton.waitFor();
    await expectAccessible(arrived.page);
    await arrived.beginButton.click();
    await arrived.done(2);
    await expectAccessible(arrived.page);
    await arrived.compareButton('photo-1.jpg').click();
    await arrived.compareDialog('photo-1.jpg').getByRole('slider').waitFor();
    await expectAccessible(arrived.page);
  });

  test('nor while photos are on their way', async ({ painter, serve, wireTo, visit }) => {
    const wire = await wireTo(await serve(), 200_000);
    const arrived = await visit(wire.url, { locale });
    await arrived.begin(...(await painter.photographs(4)));
    await arrived.photo('photo-1.jpg').getByRole('progressbar').waitFor();
    await expectAccessible(arrived.page);
  });
});

describe('for those who see otherwise', () => {
  test('at 400 % both pictures are seen, and every button is within reach', async ({
    painter,
    serve,
    visit,
  }) => {
    const arrived = await visit((await serve()).url, { viewport: { width: 320, height: 256 } });
    await arrived.begin(await painter.photograph('photo-1.jpg', 1));
    await arrived.compareButton('photo-1.jpg').click();
    const dialog = arrived.compareDialog('photo-1.jpg');
    const picture = await dialog.getByRole('img', { name: 'photo-1.jpg after' }).boundingBox();
    expect(picture?.height).toBeGreaterThan(100);
    await dialog.getByRole('link', { name: 'Download' }).click({ trial: true });
  });

  test('with colours of their own the chosen place differs from the others', async ({
    serve,
    visit,
  }) => {
    const { page } = await visit((await serve()).url, { forcedColors: 'active' });
    const look = (place: string) =>
      page.getByRole('radio', { name: place, exact: true }).evaluate((radio) => {
        const { outlineStyle } = getComputedStyle(radio.parentElement ?? radio);
        return outlineStyle;
      });
    expect(await look('bottom right')).not.toBe(await look('top left'));
  });
});

async function expectNoSidewaysScroll({ page }: Visit): Promise<void> {
  const { wide, screen } = await page.evaluate(() => ({
    wide: document.documentElement.scrollWidth,
    screen: document.documentElement.clientWidth,
  }));
  expect(wide).toBeLessThanOrEqual(screen);
}

/** A finger finds every button: it can be scrolled to, and nothing lies over it. */
async function expectAllReachable({ page }: Visit): Promise<void> {
  for (const button of await page.locator('button:visible:enabled').all()) {
    await button.click({ trial: true });
  }
}

interface LayoutShift {
  readonly startTime: number;
  readonly value: number;
  readonly hadRecentInput: boolean;
}

/** How far things moved that nobody touched, as the Layout Instability API counts it, since a time of the page's clock. */
function shiftSince(sinceMs: number, { page }: Visit): Promise<number> {
  return page.evaluate(async (sinceMs) => {
    const seen: LayoutShift[] = [];
    const observer = new PerformanceObserver((list) =>
      seen.push(...list.getEntries().map((entry) => entry.toJSON())),
    );
    observer.observe({ type: 'layout-shift', buffered: true });
    // What was buffered is handed over before a frame after the next.
    for (let frame = 0; frame < 2; frame += 1) await new Promise(requestAnimationFrame);
    return seen
      .filter(({ startTime, hadRecentInput }) => startTime >= sinceMs && !hadRecentInput)
      .reduce((sum, { value }) => sum + value, 0);
  }, sinceMs);
}

function groundOf({ page }: Visit): Promise<string> {
  return page.evaluate(() => getComputedStyle(document.body).backgroundColor);
}
