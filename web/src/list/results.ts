import type { Picture } from '../api/types';
import type { Photo } from '../photos/photo';

/** A result that can be fetched. */
export interface Result {
  readonly filename: string;
  readonly url: string;
  readonly picture: Picture;
}

/** What of `photos` can be fetched. */
export function resultsOf(photos: readonly Photo[]): readonly Result[] {
  return photos.flatMap(({ filename, stage }) => {
    if (stage.at !== 'accepted') return [];
    const { url, picture } = stage.job.state;
    return url && picture ? [{ filename, url, picture }] : [];
  });
}
