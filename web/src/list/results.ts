import type { Address } from '../api/images';
import type { Picture } from '../api/types';
import { isDone, type Photo } from '../photos/photo';

/** A result that can be fetched. */
export interface Result extends Address {
  readonly filename: string;
  readonly picture: Picture;
}

/** A photo's result; null where there is none, or nothing is known of it yet. */
export function resultOf(photo: Photo): Result | null {
  const { filename, stage } = photo;
  if (stage.at !== 'accepted' || !isDone(photo)) return null;
  const { jobId, url, picture } = stage.job.state;
  return url && picture ? { filename, jobId, url, picture } : null;
}

/** What of `photos` can be fetched. */
export function resultsOf(photos: readonly Photo[]): readonly Result[] {
  return photos.map(resultOf).filter((result) => result !== null);
}
