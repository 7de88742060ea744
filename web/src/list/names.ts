import type { OutputFormat } from '../api/types';

const EXTENSIONS: Readonly<Record<OutputFormat, string>> = {
  jpeg: 'jpg',
  webp: 'webp',
  avif: 'avif',
  png: 'png',
};

/** Every file system takes 255 bytes; a mark, a number and an extension still have to fit. */
const STEM_BYTES_MAX = 200;

/** What Windows keeps for its devices, whatever comes after the first dot. */
const RESERVED = /^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])$/i;

/** No separator, no wildcard, nothing that cannot be seen or that turns the reading direction around. */
const UNSAFE = /[/\\:*?"<>|\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** A result's name: the photo's own, marked, so that it never takes the original's place in a folder. */
export function resultName(filename: string, format: OutputFormat): string {
  return `${safeStem(filename)}-marked.${EXTENSIONS[format]}`;
}

/** The same names, with a number where two would be one file on Windows or macOS. */
export function uniqueNames(names: readonly string[]): readonly string[] {
  const taken = new Set<string>();
  return names.map((name) => {
    const free = freeName(name, taken);
    taken.add(folded(free));
    return free;
  });
}

function safeStem(filename: string): string {
  const stem = filename.normalize('NFC').replace(/\.[^.]*$/, '');
  const safe = cut(stem.replace(UNSAFE, '_')).replace(/^[\s.]+|[\s.]+$/g, '');
  const [device = ''] = safe.split('.');
  if (safe === '') return 'photo';
  return RESERVED.test(device.trim()) ? `_${safe}` : safe;
}

/** Between two characters: half of one is none. */
function cut(stem: string): string {
  const bytes = new TextEncoder().encode(stem);
  if (bytes.length <= STEM_BYTES_MAX) return stem;
  return new TextDecoder().decode(bytes.slice(0, STEM_BYTES_MAX)).replace(/\ufffd+$/, '');
}

function freeName(name: string, taken: ReadonlySet<string>): string {
  const dot = name.lastIndexOf('.');
  let free = name;
  for (let n = 2; taken.has(folded(free)); n++) {
    free = `${name.slice(0, dot)} (${n})${name.slice(dot)}`;
  }
  return free;
}

function folded(name: string): string {
  return name.normalize('NFC').toUpperCase().toLowerCase();
}
