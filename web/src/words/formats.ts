/** Formats as people write them in every language, by the word that the API and the media types have for them. */
const NAMES: Readonly<Record<string, string>> = {
  jpeg: 'JPEG',
  png: 'PNG',
  webp: 'WebP',
  avif: 'AVIF',
  gif: 'GIF',
  tiff: 'TIFF',
  bmp: 'BMP',
  jxl: 'JPEG XL',
};

/** All that are taken. */
export const FORMAT_NAMES: readonly string[] = Object.values(NAMES);

/** The name of `webp` as of `image/webp`; empty where nothing is known. */
export function formatName(word: string): string {
  const subtype = word.replace(/^image\//, '');
  return NAMES[subtype] ?? subtype.toUpperCase();
}
