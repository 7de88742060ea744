import type { Picture } from '../api/types';
import type { Photo } from '../photos/photo';

/** A result that can be fetched. */
export interface Result {
  readonly filename: string;
  readonly url: string;
  readonly picture: Picture;
}

/** A photo's result; null where there is none, or nothing is known of it yet. */
export function resultOf({ filename, stage }: Photo): Result | null {
  if (stage.at !== 'accepted') return null;
  const { url, picture } = stage.job.state;
  return url && picture ? { filename, url, picture } : null;
}

/** What of `photos` can be fetched. */
export function resultsOf(photos: readonly Photo[]): readonly Result[] {
  return photos.map(resultOf).filter((result) => result !== null);
}
