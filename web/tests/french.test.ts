import { describe } from 'vitest';
import { expect, test } from './support/test';
import type { Visit } from './support/visit';

/** Words that no French sentence has. */
const ENGLISH =
  /\b(the|of|and|with|your|choose|drop|download|watermark|compare|close|send|again|remove|cancel|size|text|quality|colou?r|opacity|rotation degrees|language|theme|light|dark|done|saved|workers|queue|height|width|copy|settings?)\b/gi;

describe('en français', () => {
  test('a French browser reads French, all of it', async ({ painter, serve, visit }) => {
    const arrived = await visit((await serve()).url, { locale: 'fr-FR' });
    expect(await languageOf(arrived)).toBe('fr');
    expect(englishIn(await wordsOf(arrived))).toEqual([]);
    await arrived.begin(...(await painter.photographs(2)));
    await arrived.done(2);
    expect(englishIn(await wordsOf(arrived))).toEqual([]);
    await arrived.compareButton('photo-1.jpg').click();
    await arrived.compareDialog('photo-1.jpg').getByRole('slider').waitFor();
    expect(englishIn(await wordsOf(arrived))).toEqual([]);
  });

  test('a sign that stands apart never begins a line', async ({ serve, visit }) => {
    const arrived = await visit((await serve()).url, { locale: 'fr-FR' });
    expect((await wordsOf(arrived)).match(/\S* [:;?!»]|« \S*/g) ?? []).toEqual([]);
  });

  test('the language that was chosen is remembered', async ({ serve, visit }) => {
    const arrived = await visit((await serve()).url);
    expect(await languageOf(arrived)).toBe('en');
    await arrived.page.getByRole('combobox', { name: 'Language' }).selectOption('Français');
    await expect.poll(() => languageOf(arrived)).toBe('fr');
    await arrived.page.reload();
    await arrived.chooseButton.waitFor();
    expect(await languageOf(arrived)).toBe('fr');
  });
});

function languageOf({ page }: Visit): Promise<string> {
  return page.evaluate(() => document.documentElement.lang);
}

/** What is seen and what is read aloud. */
function wordsOf({ page }: Visit): Promise<string> {
  return page.evaluate(() => {
    const names = ['aria-label', 'title', 'placeholder', 'alt'];
    const spoken = names.flatMap((name) =>
      [...document.querySelectorAll(`[${name}]`)].map((element) => element.getAttribute(name)),
    );
    const words = [document.body.innerText, ...spoken].join('\n');
    // The product's name and a variable's name are the same in every language.
    return words.replaceAll(/NWS Watermark|\{[\w.]+\}/g, '');
  });
}

function englishIn(words: string): string[] {
  return [...new Set(words.match(ENGLISH) ?? [])];
}
