import { expect, test } from 'vitest';
import type { Limits } from '../api/types';
import { inspect, refusalBy } from './precheck';

/** Text is one byte a character, numbers are bytes. */
type Part = string | readonly number[];

function bytes(...parts: Part[]): Uint8Array<ArrayBuffer> {
  const of = (part: Part) =>
    typeof part === 'string' ? [...part].map((char) => char.charCodeAt(0)) : part;
  return Uint8Array.from(parts.flatMap(of));
}

const be16 = (value: number) => [value >> 8, value & 0xff];
const be32 = (value: number) => [...be16(value >>> 16), ...be16(value & 0xffff)];
const le16 = (value: number) => [value & 0xff, value >> 8];
const le24 = (value: number) => [...le16(value & 0xffff), value >>> 16];
const le32 = (value: number) => [...le16(value & 0xffff), ...le16(value >>> 16)];

/** A TIFF of short fields. */
function tiff(fields: Readonly<Record<number, number>>): number[] {
  const entries = Object.entries(fields).flatMap(([tag, value]) => [
    ...le16(Number(tag)),
    ...le16(3),
    ...le32(1),
    ...le32(value),
  ]);
  const count = le16(Object.keys(fields).length);
  return [...bytes('II*\0', le32(8), count, entries, le32(0))];
}

function segment(marker: number, ...parts: Part[]): number[] {
  const content = [...bytes(...parts)];
  return [0xff, marker, ...be16(content.length + 2), ...content];
}

function chunk(name: string, ...parts: Part[]): number[] {
  const content = [...bytes(...parts)];
  return [...bytes(be32(content.length), name, content, be32(0))];
}

function riff(name: string, ...parts: Part[]): number[] {
  const content = [...bytes(...parts)];
  const padding = content.length % 2 === 1 ? [0] : [];
  return [...bytes(name, le32(content.length), content, padding)];
}

function box(name: string, ...parts: Part[]): number[] {
  const content = [...bytes(...parts)];
  return [...bytes(be32(content.length + 8), name, content)];
}

/** Bits, the lowest of each byte first. */
function packed(...fields: ReadonlyArray<readonly [value: number, count: number]>): number[] {
  const bits = fields.flatMap(([value, count]) =>
    Array.from({ length: count }, (_, bit) => (value >> bit) & 1),
  );
  const byte = (at: number) =>
    bits.slice(8 * at, 8 * at + 8).reduce((sum, bit, place) => sum + (bit << place), 0);
  return Array.from({ length: Math.ceil(bits.length / 8) }, (_, at) => byte(at));
}

const TURNED = tiff({ 274: 6 });
const FRAME = segment(0xc2, [8], be16(200), be16(300), [1, 1, 0x11, 0]);
const SCAN = segment(0xda, [1, 1, 0, 0, 63, 0]);
const PNG = '\x89PNG\r\n\x1a\n';
const IHDR = chunk('IHDR', be32(300), be32(200), [8, 2, 0, 0, 0]);
const IDAT = chunk('IDAT', [1, 2, 3]);
const VP8X = riff('VP8X', [0, 0, 0, 0], le24(299), le24(199));
const VP8 = riff('VP8 ', [0, 0, 0, 0x9d, 0x01, 0x2a], le16(300), le16(200));
const SIZE_300_200 = packed([0, 1], [0, 2], [199, 9], [4, 3], [0, 1]);

const ispe = (width: number, height: number) => box('ispe', be32(0), be32(width), be32(height));
const avif = (...properties: Part[]) => [
  ...box('ftyp', 'avif', be32(0)),
  ...box('meta', be32(0), box('iprp', box('ipco', ...properties))),
];

const UPRIGHT = { width: 300, height: 200 };
const ON_ITS_SIDE = { width: 200, height: 300 };

test.each([
  ['image/jpeg', UPRIGHT, bytes([0xff, 0xd8], segment(0xe0, 'JFIF\0'), FRAME, SCAN)],
  ['image/jpeg', ON_ITS_SIDE, bytes([0xff, 0xd8], segment(0xe1, 'Exif\0\0', TURNED), FRAME, SCAN)],
  ['image/jpeg', ON_ITS_SIDE, bytes([0xff, 0xd8], FRAME, segment(0xe1, 'Exif\0\0', TURNED), SCAN)],
  ['image/jpeg', UPRIGHT, bytes([0xff, 0xd8, 0xff], segment(0xe1, 'http://ns'), [0], FRAME, SCAN)],
  ['image/jpeg', null, bytes([0xff, 0xd8, 0xff, 0xe0], be16(500), 'cut')],
  ['image/png', UPRIGHT, bytes(PNG, IHDR, IDAT)],
  ['image/png', ON_ITS_SIDE, bytes(PNG, IHDR, chunk('eXIf', TURNED), IDAT)],
  ['image/gif', UPRIGHT, bytes('GIF89a', le16(300), le16(200), [0, 0, 0])],
  ['image/webp', UPRIGHT, bytes('RIFF', le32(30), 'WEBP', VP8)],
  [
    'image/webp',
    UPRIGHT,
    bytes('RIFF', le32(30), 'WEBP', riff('VP8L', [0x2f], le32(299 | (199 << 14)))),
  ],
  ['image/webp', ON_ITS_SIDE, bytes('RIFF', le32(99), 'WEBP', VP8X, VP8, riff('EXIF', TURNED))],
  ['image/bmp', UPRIGHT, bytes('BM', le32(99), le32(0), le32(54), le32(40), le32(300), le32(200))],
  ['image/bmp', UPRIGHT, bytes('BM', le32(99), le32(0), le32(54), le32(40), le32(300), le32(-200))],
  [
    'image/bmp',
    UPRIGHT,
    bytes('BM', le32(99), le32(0), le32(26), le32(12), le16(300), le16(200), le32(0)),
  ],
  ['image/tiff', UPRIGHT, bytes(tiff({ 256: 300, 257: 200, 262: 2 }))],
  ['image/tiff', ON_ITS_SIDE, bytes(tiff({ 256: 300, 257: 200, 274: 8 }))],
  ['image/avif', UPRIGHT, bytes(avif(ispe(64, 64), ispe(300, 200)))],
  ['image/avif', ON_ITS_SIDE, bytes(avif(ispe(300, 200), box('irot', [1])))],
  ['image/avif', null, bytes(box('ftyp', 'avif', be32(0)))],
  ['image/jxl', UPRIGHT, bytes([0xff, 0x0a], SIZE_300_200, be32(0))],
  [
    'image/jxl',
    UPRIGHT,
    bytes(box('JXL ', be32(0x0d0a870a)), box('jxlc', [0xff, 0x0a], SIZE_300_200)),
  ],
  [
    'image/jxl',
    ON_ITS_SIDE,
    bytes([0xff, 0x0a], packed([0, 1], [0, 2], [199, 9], [4, 3], [0, 1], [1, 1], [5, 3])),
  ],
  [
    'image/jxl',
    { width: 256, height: 256 },
    bytes([0xff, 0x0a], packed([1, 1], [31, 5], [1, 3]), be32(0), be32(0)),
  ],
])('the header of %s says %o', async (mediaType, size, content) => {
  expect(await inspect(new Blob([content]))).toEqual({ mediaType, size, refusal: null });
});

test.each([
  ['HEIC', bytes(box('ftyp', 'heic', be32(0)))],
  ['HEIC', bytes(box('ftyp', 'mif1', be32(0)))],
  ['RAW', bytes('II*\0', le32(16), 'CR\x02\0', le32(0))],
  ['RAW', bytes(tiff({ 256: 300, 257: 200, 262: 32_803 }))],
  ['RAW', bytes(tiff({ 256: 160, 257: 120, 262: 2, 50706: 1 }))],
  ['RAW', bytes(box('ftyp', 'crx ', be32(0)))],
  ['BigTIFF', bytes('MM\0+', be32(8), be32(0))],
  ['PDF', bytes('%PDF-1.7\n')],
  ['PSD', bytes('8BPS\0\x01')],
  ['SVG', bytes('\n<svg xmlns="http://www.w3.org/2000/svg">')],
  ['SVG', bytes('\xef\xbb\xbf<?xml version="1.0"?>\n<!-- drawn -->\n<svg>')],
])('%s is refused by its name', async (format, content) => {
  const { refusal } = await inspect(new Blob([content]));
  expect(refusal).toEqual({ why: 'format-not-read', format });
});

test.each([
  ['Hello, world', bytes('Hello, world of text')],
  ['50 4b 03 04 00 00 00 00', bytes('PK\x03\x04', be32(0), be32(0))],
  ['<?xml versio', bytes('<?xml version="1.0"?><html>')],
  ['BM is not pi', bytes('BM is not picture enough')],
])('what is no image is shown as it begins: %s', async (begins, content) => {
  const { refusal } = await inspect(new Blob([content]));
  expect(refusal).toEqual({ why: 'not-an-image', begins });
});

test('an empty file is called empty, and one that cannot be read no image', async () => {
  expect((await inspect(new Blob([]))).refusal).toEqual({ why: 'empty' });
  const gone = new Blob(['gone']);
  gone.slice = () => {
    throw new DOMException('gone', 'NotReadableError');
  };
  expect((await inspect(gone)).refusal).toEqual({ why: 'not-an-image', begins: '' });
});

test('a long file is not read as a whole', async () => {
  const before = segment(0xe2, Array(60_000).fill(0));
  const file = new Blob([
    bytes([0xff, 0xd8], before, before, FRAME, SCAN),
    new Uint8Array(4_000_000),
  ]);
  let readBytes = 0;
  const { slice } = file;
  file.slice = (from = 0, to = file.size, type) => {
    readBytes += Math.min(to, file.size) - from;
    return slice.call(file, from, to, type);
  };
  expect((await inspect(file)).size).toEqual(UPRIGHT);
  expect(readBytes).toBeLessThan(400_000);
});

test('limits are checked in the order of the server, each with what was measured', () => {
  const refused = (sizeBytes: number, width: number, height: number) =>
    refusalBy(LIMITS, sizeBytes, { width, height });
  expect(refused(1000, 100, 100)).toBeNull();
  expect(refused(1001, 999, 1)).toEqual({ why: 'too-many-bytes', measured: 1001, limit: 1000 });
  expect(refused(1000, 1, 201)).toEqual({ why: 'side-too-long', measured: 201, limit: 200 });
  expect(refused(1000, 101, 100)).toEqual({
    why: 'too-many-pixels',
    measured: 10_100,
    limit: 10_000,
  });
  expect(refusalBy(LIMITS, 1000, null)).toBeNull();
});

const LIMITS: Limits = {
  imageBytesMax: 1000,
  logoBytesMax: 0,
  logoPixelsMax: 0,
  textCharsMax: 0,
  pixelsMax: 10_000,
  sideMax: 200,
  framesMax: 0,
  animationPixelsMax: 0,
  uploadsMax: 0,
  eventsJobsMax: 200,
};
