import type { Size } from '../../photos/photo';
import type { ExifTexts } from './exif';

/** The variables of a mark's text (`VARIABLES` in `schemas/src/recipe/request.rs`). */
export const VARIABLES = [
  'year',
  'date',
  'filename',
  'width',
  'height',
  'exif.date',
  'exif.artist',
  'exif.copyright',
] as const;

export type Variable = (typeof VARIABLES)[number];

/** What the variables stand for. */
export interface Context {
  /** The moment of the upload: its day counts, in UTC. */
  readonly now: Date;
  /** As the file is called, with its folder and extension. */
  readonly filename: string;
  /** The photo's own, upright; null before it was read. */
  readonly size: Size | null;
  readonly exif: ExifTexts;
}

/** Why a text cannot be expanded. */
export type Unexpandable =
  | { readonly why: 'unknown-variable'; readonly name: string }
  | { readonly why: 'open-brace' };

/** Replaces the variables of `template`; `{{` is a brace. */
export function expand(template: string, context: Context): string | Unexpandable {
  let text = '';
  let rest = template;
  for (let brace = rest.indexOf('{'); brace >= 0; brace = rest.indexOf('{')) {
    text += rest.slice(0, brace);
    rest = rest.slice(brace + 1);
    if (rest.startsWith('{')) {
      text += '{';
      rest = rest.slice(1);
      continue;
    }
    const end = rest.indexOf('}');
    if (end < 0) return { why: 'open-brace' };
    const name = rest.slice(0, end);
    if (!isVariable(name)) return { why: 'unknown-variable', name };
    text += valueOfVariable(name, context);
    rest = rest.slice(end + 1);
  }
  return text + rest;
}

function isVariable(name: string): name is Variable {
  return VARIABLES.some((known) => known === name);
}

function valueOfVariable(name: Variable, { now, filename, size, exif }: Context): string {
  switch (name) {
    case 'year':
      return String(now.getUTCFullYear());
    case 'date':
      return now.toISOString().slice(0, 10);
    case 'filename':
      return tamed(stem(filename));
    case 'width':
      return String(size?.width ?? 0);
    case 'height':
      return String(size?.height ?? 0);
    case 'exif.date':
      return tamed(exif.date);
    case 'exif.artist':
      return tamed(exif.artist);
    case 'exif.copyright':
      return tamed(exif.copyright);
  }
}

/** A file's name without its folder and extension. */
export function stem(filename: string): string {
  const name = filename.split(/[/\\]/).at(-1) ?? '';
  const dot = name.lastIndexOf('.');
  return dot > 0 ? name.slice(0, dot) : name;
}

/** A stranger's value without the characters that would turn the direction of the text around it. */
function tamed(value: string): string {
  return value.replace(/[\u202a-\u202e\u2066-\u2069]/g, '');
}
