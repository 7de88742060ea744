import { expect, test } from 'vitest';
import type { Figures } from '../words/words';
import { CAUSE_OF_CODE, ofFailure, ofRefusal } from './causes';
import { troubleOf } from './trouble';
import { TROUBLE } from './trouble-words';

const FIGURES: Figures = {
  count: String,
  duration: (ms) => `${ms} ms`,
  bytes: (bytes) => `${bytes / 1e6} MB`,
  percent: (share) => `${share * 100} %`,
  rate: String,
  setting: String,
  megapixels: (pixels) => `${pixels / 1e6} megapixels`,
  contrast: (ratio) => `${ratio} : 1`,
};

test('a limit says what was measured and what is allowed', () => {
  const refusal = ofRefusal({ why: 'too-many-bytes', measured: 25e6, limit: 20e6 });
  expect(troubleOf(refusal, TROUBLE.en, FIGURES).what).toBe(
    'The file is too large: 25 MB, and 20 MB is the limit',
  );
  const pixels = ofRefusal({ why: 'too-many-pixels', measured: 120e6, limit: 100e6 });
  expect(troubleOf(pixels, TROUBLE.fr, FIGURES).what).toBe(
    'La photo a trop de pixels\u00a0: 120 megapixels, pour une limite de 100 megapixels',
  );
});

test('what is a little over its limit does not read as the limit', () => {
  const rounded = { ...FIGURES, bytes: (bytes: number) => `${Math.round(bytes / 1e6)} MB` };
  const refusal = ofRefusal({ why: 'too-many-bytes', measured: 20_000_001, limit: 20_000_000 });
  expect(troubleOf(refusal, TROUBLE.en, rounded).what).toContain('20000001, and 20000000');
});

test('a format that nobody reads is called by its name', () => {
  const refusal = ofRefusal({ why: 'format-not-read', format: 'HEIC' });
  expect(troubleOf(refusal, TROUBLE.en, FIGURES).what).toBe('HEIC is not read here');
});

test('what a file begins with, or what the server said, is a note', () => {
  const text = ofRefusal({ why: 'not-an-image', begins: 'Dear diary' });
  expect(troubleOf(text, TROUBLE.en, FIGURES).note).toBe('It begins with: Dear diary');
  const broken = ofFailure({ code: 'broken_image', message: 'no end' });
  expect(troubleOf(broken, TROUBLE.en, FIGURES).note).toBe('The server says: no end');
});

test('a word that is not known leaves the server its own sentence', () => {
  const trouble = troubleOf(ofFailure({ code: 'new', message: 'so it is' }), TROUBLE.en, FIGURES);
  expect(trouble).toMatchObject({ what: 'so it is', note: null });
  expect(trouble.advice).not.toBe('');
});

test('every cause has a sentence and an advice of its own in both languages', () => {
  for (const cause of Object.values(CAUSE_OF_CODE)) {
    const [what, advice] = TROUBLE.fr.causes[cause];
    expect(what).not.toBe(TROUBLE.en.causes[cause][0]);
    expect(advice).not.toBe(TROUBLE.en.causes[cause][1]);
  }
});

test('French keeps its signs together with the word before them', () => {
  for (const sentence of Object.values(TROUBLE.fr.causes).flat()) {
    expect(sentence).not.toMatch(/ [:;?!»]|« /);
  }
});
