import type { Locator } from 'playwright-core';
import type { Visit } from './visit';

/** The question for a key. */
export function keyDialog({ page }: Visit): Locator {
  return page.getByRole('dialog', { name: /asks for a key|demande une clé/ });
}

/** Answers it, in English. */
export async function enterKey(visit: Visit, key: string): Promise<void> {
  await keyDialog(visit).getByLabel('Key', { exact: true }).fill(key);
  await visit.page.keyboard.press('Enter');
}

/** Looks at the dead letters. */
export async function openLetters({ page }: Visit): Promise<Locator> {
  await page.getByRole('button', { name: /^(Dead letters|Lettres mortes)$/ }).click();
  return page.getByRole('dialog', { name: /Dead letters|Lettres mortes/ });
}
