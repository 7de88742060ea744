import { expect, test } from 'vitest';
import { boxOf, fewAtATime } from './thumbnails';

test('two pictures are decoded at once, and the others in their turn', async () => {
  const begun: string[] = [];
  const ends: (() => void)[] = [];
  const make = fewAtATime(async (file) => {
    begun.push(file.type);
    await new Promise<void>((end) => ends.push(end));
    return null;
  });
  const making = ['a', 'b', 'c'].map((type) => make(new Blob([], { type }), null));
  await Promise.resolve();
  expect(begun).toEqual(['a', 'b']);
  ends[0]?.();
  await making[0];
  await Promise.resolve();
  expect(begun).toEqual(['a', 'b', 'c']);
});

test('the longer side is bounded, and nothing is enlarged', () => {
  expect(boxOf({ width: 4000, height: 3000 })).toMatchObject({ resizeWidth: 320 });
  expect(boxOf({ width: 3000, height: 4000 })).toMatchObject({ resizeHeight: 320 });
  expect(boxOf({ width: 320, height: 240 })).toEqual({});
  expect(boxOf(null)).toMatchObject({ resizeWidth: 320 });
});
