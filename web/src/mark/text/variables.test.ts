import { describe, expect, it } from 'vitest';
import { NO_EXIF, readExif } from './exif';
import { expand, stem, VARIABLES } from './variables';

const CONTEXT = {
  now: new Date('2026-12-31T23:30:00-02:00'),
  filename: 'holiday/IMG_0042.final.jpg',
  size: { width: 4000, height: 3000 },
  exif: { ...NO_EXIF, artist: '{year}', date: '2020-02-29' },
};

describe('variables', () => {
  it('stand for what the server will replace them by, in UTC', () => {
    expect(expand('{year} {date} {width}×{height}', CONTEXT)).toBe('2027 2027-01-01 4000×3000');
    expect(expand('{filename}|{exif.date}|{exif.copyright}|', CONTEXT)).toBe(
      'IMG_0042.final|2020-02-29||',
    );
  });

  it('are replaced once, and two braces are one', () => {
    expect(expand('{exif.artist}', CONTEXT)).toBe('{year}');
    expect(expand('{{year} and } alone', CONTEXT)).toBe('{year} and } alone');
  });

  it('are all known, and others are told', () => {
    for (const name of VARIABLES) expect(typeof expand(`{${name}}`, CONTEXT)).toBe('string');
    expect(expand('{shutter}', CONTEXT)).toEqual({ why: 'unknown-variable', name: 'shutter' });
    expect(expand('a { b', CONTEXT)).toEqual({ why: 'open-brace' });
  });

  it('know a name without folder and extension', () => {
    expect(['a.jpg', 'C:\\b\\c.tar.gz', '.hidden', 'plain'].map(stem)).toEqual([
      'a',
      'c.tar',
      '.hidden',
      'plain',
    ]);
  });
});

describe('EXIF', () => {
  const jpeg = (tiff: readonly number[]) => {
    const exif = [0x45, 0x78, 0x69, 0x66, 0, 0, ...tiff];
    return new Blob([new Uint8Array([0xff, 0xd8, 0xff, 0xe1, 0, exif.length + 2, ...exif])]);
  };
  const text = (words: string) => [...new TextEncoder().encode(`${words}\0`)];
  /** Artist in the first directory, DateTimeOriginal in the one below it. */
  const photo = (date: string) => [
    ...[0x4d, 0x4d, 0, 42, 0, 0, 0, 8],
    ...[0, 2, 0x01, 0x3b, 0, 2, 0, 0, 0, 6, 0, 0, 0, 56],
    ...[0x87, 0x69, 0, 4, 0, 0, 0, 1, 0, 0, 0, 38, 0, 0, 0, 0],
    ...[0, 1, 0x90, 0x03, 0, 2, 0, 0, 0, 20, 0, 0, 0, 62, 0, 0, 0, 0],
    ...text('Zoë '),
    ...text(date),
  ];

  it('tells artist and day', async () => {
    expect(await readExif(jpeg(photo('2020:02:29 10:11:12')))).toEqual({
      date: '2020-02-29',
      artist: 'Zoë',
      copyright: '',
    });
  });

  it('of a camera without a clock has no day', async () => {
    expect((await readExif(jpeg(photo('0000:00:00 00:00:00')))).date).toBe('');
  });

  it('that is broken is as if it were not there', async () => {
    const whole = photo('2020:02:29 10:11:12');
    for (let length = 0; length < whole.length; length += 1) {
      await expect(readExif(jpeg(whole.slice(0, length)))).resolves.toBeDefined();
    }
    expect(await readExif(new Blob(['no JPEG']))).toEqual(NO_EXIF);
  });
});
