import { type Browser, type BrowserContextOptions, chromium } from 'playwright-core';
import { test as base, inject } from 'vitest';
import { Nws } from './nws';
import { Painter } from './photographs';
import { Visit, type VisitOptions } from './visit';
import { Wire } from './wire';

export { expect } from 'vitest';

interface Given {
  readonly browser: Browser;
  /** Makes photographs. */
  readonly painter: Painter;
  /** Starts a server; it ends with the test. */
  readonly serve: (...settings: string[]) => Promise<Nws>;
  /** Lays a wire to a server, which carries so many bytes a second from the page. */
  readonly wireTo: (nws: Nws, bytesPerSecond?: number) => Promise<Wire>;
  /** Opens the page in a browser that knows nothing yet. What the browser complains of fails the test. */
  readonly visit: (url: string, options?: VisitOptions) => Promise<Visit>;
}

/** Calm, so that nothing moves while it is looked at. */
const QUIET: BrowserContextOptions = {
  locale: 'en-GB',
  reducedMotion: 'reduce',
  viewport: { width: 1280, height: 900 },
};

export const test = base.extend<Given>({
  browser: [
    // biome-ignore lint/correctness/noEmptyPattern: vitest reads from the pattern what a fixture needs
    async ({}, use) => {
      const browser = await chromium.connect(inject('chromium'));
      await use(browser);
      await browser.close();
    },
    { scope: 'file' },
  ],
  painter: [
    async ({ browser }, use) => {
      const painter = await Painter.of(browser);
      await use(painter);
    },
    { scope: 'file' },
  ],
  // biome-ignore lint/correctness/noEmptyPattern: as above
  serve: async ({}, use) => {
    const started: Nws[] = [];
    await use(async (...settings) => {
      const nws = await Nws.start(settings);
      started.push(nws);
      return nws;
    });
    await Promise.all(started.map((nws) => nws.dispose()));
  },
  // biome-ignore lint/correctness/noEmptyPattern: as above
  wireTo: async ({}, use) => {
    const wires: Wire[] = [];
    await use(async (nws, bytesPerSecond = Infinity) => {
      const wire = await Wire.to(nws.address, { bytesPerSecond });
      wires.push(wire);
      return wire;
    });
    await Promise.all(wires.map((wire) => wire.dispose()));
  },
  visit: async ({ browser }, use) => {
    const visits: Visit[] = [];
    await use(async (url, options = {}) => {
      const visit = await Visit.begin(browser, url, { ...QUIET, ...options });
      visits.push(visit);
      return visit;
    });
    for (const visit of visits) await visit.end();
  },
});
