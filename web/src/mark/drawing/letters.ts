import interUrl from '../../../../engine/fonts/Inter-SemiBold.otf';
import arabicUrl from '../../../../engine/fonts/NotoSansArabic-Bold.ttf';
import hebrewUrl from '../../../../engine/fonts/NotoSansHebrew-Bold.ttf';
import { reach } from '../../api/server';
import { type FontFacts, readFont } from './sfnt';

/** The engine's own fonts, as far as a text needs them. */
export interface Letters {
  /** The fonts' names for a line, as CSS lists them. */
  readonly familiesFor: (line: string) => string;
  /** Height of a capital letter of the first font, which gives the mark its size; in ems. */
  readonly capHeight: number;
  /** From one baseline to the next: what suits the tallest font in use; in ems. */
  readonly lineSpacing: number;
  /** The characters that none of the fonts has, each once. */
  readonly missing: (text: string) => readonly string[];
}

interface Face {
  readonly family: string;
  readonly url: string;
  readonly needed: (text: string) => boolean;
}

/** In the order in which a character looks for its glyph (`EMBEDDED` in `engine/src/fonts.rs`). */
const FACES: readonly Face[] = [
  { family: 'NWS Inter', url: interUrl, needed: () => true },
  { family: 'NWS Arabic', url: arabicUrl, needed: (text) => /\p{Script=Arabic}/u.test(text) },
  { family: 'NWS Hebrew', url: hebrewUrl, needed: (text) => /\p{Script=Hebrew}/u.test(text) },
];

const loaded = new Map<string, Promise<FontFacts>>();

/** The names of the fonts that a text needs: the same text or another one, the same names. */
export function facesFor(text: string): string {
  const needed = FACES.filter((face) => face.needed(text));
  return needed.map((face) => face.family).join();
}

/** Loads the fonts of these names; each file once. */
export async function loadLetters(families: string): Promise<Letters> {
  const names = families.split(',');
  const faces = FACES.filter((face) => names.includes(face.family));
  const facts = await Promise.all(faces.map(load));
  return {
    familiesFor: (line) => familiesFor(line, faces),
    capHeight: facts[0]?.capHeight ?? 0,
    lineSpacing: Math.max(...facts.map(({ lineSpacing }) => lineSpacing)),
    missing: (text) => missing(text, facts),
  };
}

/** Blanks are as wide as in the font of the words around them, so the script that a line begins in comes first. */
function familiesFor(line: string, faces: readonly Face[]): string {
  const letter = /\p{L}/u.exec(line)?.[0] ?? '';
  const [latin, ...others] = faces;
  const first = others.find((face) => face.needed(letter)) ?? latin;
  const names = [first, ...faces].flatMap((face) => (face ? [`"${face.family}"`] : []));
  return [...new Set(names), 'sans-serif'].join();
}

function load(face: Face): Promise<FontFacts> {
  const known = loaded.get(face.url);
  if (known) return known;
  const loading = fetchFace(face);
  loaded.set(face.url, loading);
  // What could not be fetched now may be there next time.
  loading.catch(() => loaded.delete(face.url));
  return loading;
}

async function fetchFace({ family, url }: Face): Promise<FontFacts> {
  const answer = await reach(url, {});
  const bytes = await answer.arrayBuffer();
  const facts = readFont(bytes);
  document.fonts.add(await new FontFace(family, bytes).load());
  return facts;
}

/** Blanks, joiners, marks of direction and variation selectors need no glyph. */
const UNSEEN = /[\p{White_Space}\p{Cf}\p{Variation_Selector}]|\u034f/u;

function missing(text: string, facts: readonly FontFacts[]): readonly string[] {
  const known = (character: string) => {
    const codePoint = character.codePointAt(0) ?? 0;
    return UNSEEN.test(character) || facts.some((face) => face.has(codePoint));
  };
  return [...new Set(text)].filter((character) => !known(character));
}
