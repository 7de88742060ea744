import { createHash } from 'node:crypto';
import type { Page } from 'playwright-core';
import { describe } from 'vitest';
import { expect, test } from './support/test';

const KEY = 'nws_a-key-that-is-long-enough-to-be-one-of-ours';

/** A line of `auth_keys`: who, what for, and the key's digest. */
function holder(scopes: string): string {
  return `auth_keys=reader:${scopes}:${createHash('sha256').update(KEY).digest('hex')}`;
}

async function enter(page: Page, key: string): Promise<void> {
  await page.getByRole('button', { name: 'Authorize', exact: true }).click();
  const bearer = page.locator('.auth-container', { hasText: 'bearer' });
  await bearer.getByRole('textbox').fill(key);
  await bearer.getByRole('button', { name: 'Apply credentials' }).click();
  await page.getByRole('button', { name: 'Close' }).first().click();
}

/** Sends the one request of this path, and gives its status. */
async function tryOut(page: Page, path: string): Promise<number> {
  const operation = page.locator('.opblock', { has: page.locator(`[data-path="${path}"]`) });
  await operation.locator('.opblock-summary-control').click();
  await operation.getByRole('button', { name: 'Try it out' }).click();
  const answered = page.waitForResponse((answer) => new URL(answer.url()).pathname === path);
  await operation.getByRole('button', { name: 'Execute' }).click();
  return (await answered).status();
}

describe('the reader of the contract', () => {
  test('tries requests out with a key, and asks no other host for anything', async ({
    serve,
    visit,
  }) => {
    const nws = await serve(holder('read'));
    const arrived = await visit(nws.url);
    // Without a key the page asks for one, and the browser notes each refusal.
    arrived.expects(/Failed to load resource/);
    const { page } = arrived;
    await page.goto(`${nws.url}/docs`);
    await page.getByText('Upload a photo', { exact: true }).waitFor();
    await enter(page, KEY);
    expect(await tryOut(page, '/stats')).toBe(200);
    const origins = arrived.requests.map((request) => new URL(request.url()).origin);
    expect([...new Set(origins)]).toEqual([nws.url]);
  });
});
