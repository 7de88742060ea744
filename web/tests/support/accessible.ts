import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type axe from 'axe-core';
import type { Page } from 'playwright-core';
import { expect } from 'vitest';

const SOURCE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];

declare global {
  interface Window {
    axe: typeof axe;
  }
}

/** Nothing on the page, as it stands, breaks a rule of WCAG 2.2 AA that a program can check; in light and in dark. */
export async function expectAccessible(page: Page): Promise<void> {
  await page.evaluate(await readFile(SOURCE, 'utf8'));
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    expect(await broken(page), colorScheme).toEqual([]);
  }
}

/** Each broken rule with the elements that break it. */
async function broken(page: Page): Promise<string[]> {
  const { violations } = await page.evaluate(
    (values) => window.axe.run({ runOnly: { type: 'tag', values }, preload: false }),
    TAGS,
  );
  return violations.map(({ id, help, nodes }) => {
    const where = nodes.map(({ html, failureSummary }) => `${html}\n${failureSummary ?? ''}`);
    return [`${id}: ${help}`, ...where].join('\n');
  });
}
