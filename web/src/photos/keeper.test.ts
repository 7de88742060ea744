import { expect, test } from 'vitest';
import { filesToKeep } from './keeper';
import type { Photo, Stage } from './photo';
import { admitted } from './stages';

const SENT = admitted({ jobId: 'job', status: 'queued', url: null, statusUrl: '' }, false);

function photo(id: string, sizeBytes: number, stage: Stage = { at: 'waiting' }): Photo {
  const unknown = { mediaType: '', size: null, thumbnailUrl: null, originalUrl: null };
  return { id, filename: id, sizeBytes, stage, ...unknown };
}

test('files that are still to be sent are kept before those that were sent', () => {
  const photos = [photo('sent', 40, SENT), photo('a', 50), photo('b', 50)];
  expect([...filesToKeep(photos, 100)]).toEqual(['a', 'b']);
  expect([...filesToKeep(photos, 140)]).toEqual(['a', 'b', 'sent']);
});

test('a file that does not fit does not keep smaller ones out', () => {
  const photos = [photo('a', 60), photo('large', 50), photo('small', 40)];
  expect([...filesToKeep(photos, 100)]).toEqual(['a', 'small']);
});
