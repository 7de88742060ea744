import { expect, test } from 'vitest';
import { headMoves } from './moves';

const bytesOf = (text: string) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));

test.each([
  ['a GIF that is repeated', 'GIF89a......!\xff\x0bNETSCAPE2.0\x03\x01'],
  ['an animated WebP', 'RIFF....WEBPVP8X\x0a\0\0\0\x12'],
  ['an animated PNG', '\x89PNG\r\n\x1a\n....IHDR....acTL....IDAT'],
])('%s moves', (_, head) => {
  expect(headMoves(bytesOf(head))).toBe(true);
});

test.each([
  ['a GIF of one picture', 'GIF89a......,'],
  ['a WebP with an alpha channel', 'RIFF....WEBPVP8X\x0a\0\0\0\x10'],
  ['a PNG', '\x89PNG\r\n\x1a\n....IHDR....IDAT..acTL'],
  ['a JPEG', '\xff\xd8\xff\xe0 NETSCAPE2.0 acTL'],
  ['nothing', ''],
])('%s does not move', (_, head) => {
  expect(headMoves(bytesOf(head))).toBe(false);
});
