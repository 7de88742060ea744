import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { POSITIONS } from '../src/mark/mark';
import { type Servers, startServers } from './honest/servers';
import type { Findings, Setting } from './honest/setting';

/** Masks of thin letters, drawn by two rasterisers from one font, have at least this much in common. */
const OVERLAP_MIN = 0.85;
/** Two of the steps that `auto` tries: which of them is enough may hang on one pixel in twenty along the edge. */
const OPACITY_TOLERANCE = 0.11;
/** Of 255, in the mean: grounds that two ways of scaling make a little unlike, and smoothed edges. */
const CHANGE_MAX = 16;

let servers: Servers;
let browser: Browser;
let page: Page;

beforeAll(async () => {
  servers = await startServers();
  browser = await chromium.connect(inject('chromium'));
  page = await browser.newPage();
  await page.goto(new URL('tests/honest/index.html', servers.url).href);
  await page.waitForFunction(() => 'compare' in window);
});

afterAll(async () => {
  await browser?.close();
  await servers?.stop();
});

const SMALL = { width: 900, height: 600 } as const;
const LARGE = { width: 2400, height: 1500 } as const;
const LINES = '© Ada Lovelace {year}\nAll rights reserved';

const SETTINGS: Record<string, Setting> = {
  'two lines on a large photo': { ...LARGE, ground: 'slope', mark: { text: LINES } },
  'lines even on the left, at the right': {
    ...SMALL,
    ground: 'dark',
    mark: { text: LINES, align: 'left', position: 'right' },
  },
  'turned by −30°': { ...SMALL, ground: 'bright', mark: { text: LINES, rotateDegrees: -30 } },
  'standing upright on its side': {
    ...SMALL,
    ground: 'dark',
    mark: { rotateDegrees: 90, position: 'left', sizePercent: 4 },
  },
  'a pattern': { ...SMALL, ground: 'slope', mark: { position: 'tile', spacingPercent: 6 } },
  'a turned pattern': {
    ...LARGE,
    ground: 'bright',
    mark: { position: 'tile', rotateDegrees: -25, opacity: 0.4 },
  },
  'the calmest place': { ...LARGE, ground: 'one-calm-corner', mark: { position: 'auto' } },
  'a picked colour and opacity': {
    ...SMALL,
    ground: 'dark',
    mark: { color: '#ffb000', opacity: 0.55, sizePercent: 6 },
  },
  'a busy ground': { ...SMALL, ground: 'busy', mark: { position: 'center', sizePercent: 5 } },
  'the smallest letters': { width: 320, height: 200, ground: 'dark', mark: { sizePercent: 0.5 } },
  'a mark too large for its photo': { ...SMALL, ground: 'bright', mark: { sizePercent: 25 } },
  'a logo alone': {
    ...SMALL,
    ground: 'bright',
    logo: true,
    mark: { text: '', logoSizePercent: 14 },
  },
  'a logo above its text, turned': {
    ...LARGE,
    ground: 'dark',
    logo: true,
    mark: { text: 'Ada & Co.', position: 'top-left', rotateDegrees: 12 },
  },
  'a portrait that the camera stored lying': {
    width: 1200,
    height: 1800,
    ground: 'slope',
    turned: true,
    mark: { position: 'top-right', sizePercent: 4 },
  },
  'letters of Hebrew': {
    ...SMALL,
    ground: 'dark',
    // At the least that is legible everywhere: which step of `auto` that is hangs on few pixels of these letters.
    mark: { text: 'צילום עדה 2026', sizePercent: 6, opacity: 0.8 },
  },
  'letters of Arabic': {
    ...SMALL,
    ground: 'bright',
    mark: { text: 'تصوير آدا', sizePercent: 6, position: 'center' },
  },
};

describe('the preview shows what the server will make', () => {
  it.each(POSITIONS)('at the place %s', async (position) => {
    expectHonest(await compared({ ...SMALL, ground: 'dark', mark: { position } }));
  });

  it.each(Object.entries(SETTINGS))('%s', async (_, setting) => {
    expectHonest(await compared(setting));
  });
});

describe('the comparison notices', () => {
  const shown: Setting = { ...SMALL, ground: 'slope', mark: { text: LINES, position: 'left' } };

  it.each<[string, Setting['sent']]>([
    ['another size', { sizePercent: 3.4 }],
    ['another place', { position: 'bottom-left' }],
    ['another turn', { rotateDegrees: 3 }],
    ['another alignment', { align: 'right' }],
    ['another colour', { color: '#000000' }],
    ['another opacity', { opacity: 0.4 }],
  ])('%s', async (_, sent) => {
    const findings = await compared({ ...shown, sent: sent ?? {} });
    expect(() => expectHonest(findings)).toThrow();
  });
});

function compared(setting: Setting): Promise<Findings> {
  return page.evaluate((setting) => window.compare(setting), setting);
}

function expectHonest(findings: Findings): void {
  const { size, apart, markHeight, overlap, opacity, change } = findings;
  const said = JSON.stringify(findings);
  if (process.env.NWS_HONEST_TELL) process.stdout.write(`${said}\n`);
  expect(size.preview, said).toBe(size.server);
  expect(apart, said).toBeLessThanOrEqual(Math.max(2, 0.04 * markHeight));
  expect(overlap, said).toBeGreaterThanOrEqual(OVERLAP_MIN);
  expect(change, said).toBeLessThanOrEqual(CHANGE_MAX);
  if (opacity) {
    expect(Math.abs(opacity.preview - opacity.server), said).toBeLessThanOrEqual(OPACITY_TOLERANCE);
  }
}
