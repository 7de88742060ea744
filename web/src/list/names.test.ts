import { expect, test } from 'vitest';
import { resultName, uniqueNames } from './names';

test('a result never has its original’s name', () => {
  expect(resultName('photo.webp', 'webp')).toBe('photo-marked.webp');
  expect(resultName('photo.jpg', 'jpeg')).toBe('photo-marked.jpg');
  expect(resultName('archive.2024.tiff', 'png')).toBe('archive.2024-marked.png');
});

test('a name cannot leave its folder or stop an unpacker', () => {
  expect(resultName('../../etc/passwd', 'png')).not.toMatch(/[/\\]/);
  expect(resultName('a\\b:c*d?.png', 'png')).toBe('a_b_c_d_-marked.png');
  expect(resultName('tab\there\u0000.png', 'png')).toBe('tab_here_-marked.png');
  expect(resultName('gpj.\u202egnp.exe', 'png')).not.toContain('\u202e');
});

test('a device of Windows is no file', () => {
  expect(resultName('con.photo.jpg', 'jpeg')).toBe('_con.photo-marked.jpg');
  expect(resultName('LPT1.jpg', 'jpeg')).toBe('_LPT1-marked.jpg');
  expect(resultName('console.jpg', 'jpeg')).toBe('console-marked.jpg');
});

test('a photo without a name gets one', () => {
  expect(resultName('', 'jpeg')).toBe('photo-marked.jpg');
  expect(resultName('. .jpg', 'jpeg')).toBe('photo-marked.jpg');
});

test('a long name is cut between two characters', () => {
  const name = resultName(`${'é'.repeat(300)}.jpg`, 'jpeg');
  expect(new TextEncoder().encode(name).length).toBeLessThan(255);
  expect(name).not.toContain('\ufffd');
});

test('names that differ by case or by how an accent is written become different', () => {
  expect(uniqueNames(['A.jpg', 'a.jpg', 'a (2).jpg', 'A.JPG'])).toEqual([
    'A.jpg',
    'a (2).jpg',
    'a (2) (2).jpg',
    'A (3).JPG',
  ]);
  const [composed, decomposed] = uniqueNames(['é.jpg', 'e\u0301.jpg']);
  expect(composed).toBe('é.jpg');
  expect(decomposed).not.toBe('e\u0301.jpg');
});
