import type { Refusal } from './photo';
import { latin } from './slices';

/** How many of the first bytes say what a file is; an SVG has its name behind comments. */
export const FIRST_BYTES = 1024;
/** Characters of an unknown file that are shown: enough to recognise it. */
const SHOWN_CHARS_MAX = 12;
const SHOWN_BYTES_MAX = 8;

/** Bytes as they begin a file, one character each; `?` stands for any. */
type Begins = string;

/** The same as `Format::of_bytes` in the engine. */
const TAKEN: Readonly<Record<string, readonly Begins[]>> = {
  'image/jpeg': ['\xff\xd8\xff'],
  'image/png': ['\x89PNG\r\n\x1a\n'],
  'image/webp': ['RIFF????WEBP'],
  'image/gif': ['GIF87a', 'GIF89a'],
  'image/avif': ['????ftypavif', '????ftypavis'],
  'image/tiff': ['II*\0', 'MM\0*'],
  'image/bmp': ['BM????\0\0\0\0'],
  'image/jxl': ['\xff\x0a', '\0\0\0\x0cJXL '],
};

type Named = Extract<Refusal, { why: 'format-not-read' }>['format'];

/** Pictures that others can read, and so are called by their names. Looked for before those that are taken: some cameras
 * dress their raw files as TIFF. */
const NAMED: Readonly<Record<Exclude<Named, 'SVG'>, readonly Begins[]>> = {
  RAW: [
    'II*\0????CR',
    '????ftypcrx',
    'FUJIFILMCCD-RAW',
    'IIRO',
    'IIRS',
    'MMOR',
    'IIU\0',
    '\0MRM',
    'FOVb',
  ],
  HEIC: ['????ftyphei', '????ftyphev', '????ftypmif1', '????ftypmsf1'],
  BigTIFF: ['II+\0', 'MM\0+'],
  PDF: ['%PDF-'],
  PSD: ['8BPS'],
};

/** A drawing, behind whatever an XML file may begin with. */
const SVG = /^(?:\xef\xbb\xbf)?\s*<(?:svg[\s>]|(?:\?xml|!--|!DOCTYPE)[\s\S]*<svg[\s>])/i;

/** What a file's first bytes say it is, whatever its name says. */
export function formatOf(first: DataView): { readonly mediaType: string } | Refusal {
  const text = latin(first);
  const named = SVG.test(text) ? 'SVG' : nameIn(NAMED, text);
  if (named) return { why: 'format-not-read', format: named };
  const mediaType = nameIn(TAKEN, text);
  return mediaType ? { mediaType } : { why: 'not-an-image', begins: shown(text) };
}

function nameIn<N extends string>(
  names: Readonly<Record<N, readonly Begins[]>>,
  text: string,
): N | undefined {
  const isOf = (name: N) => names[name].some((begins) => beginsWith(text, begins));
  return keysOf(names).find(isOf);
}

function keysOf<K extends string>(record: Readonly<Record<K, unknown>>): K[] {
  const keys: K[] = [];
  for (const key in record) keys.push(key);
  return keys;
}

function beginsWith(text: string, begins: Begins): boolean {
  return [...begins].every((byte, at) => byte === '?' || byte === text[at]);
}

/** The beginning as text where it is text, else as the bytes' digits. */
function shown(text: string): string {
  const begin = text.slice(0, SHOWN_CHARS_MAX);
  if (/^[\x20-\x7e\s]+$/.test(begin)) return begin.trim();
  const bytes = [...text.slice(0, SHOWN_BYTES_MAX)];
  return bytes.map((byte) => byte.charCodeAt(0).toString(16).padStart(2, '0')).join(' ');
}
