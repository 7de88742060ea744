import type { Photo } from '../photos/photo';
import { type Ending, endingOf } from './tally';

/** Endings that were not spoken of yet, in the order in which they came. */
export type News = Readonly<Record<'done' | 'failed', readonly string[]>>;

export const NO_NEWS: News = { done: [], failed: [] };

export type Endings = ReadonlyMap<string, Ending>;

export function endingsOf(photos: readonly Photo[]): Endings {
  return new Map(
    photos.flatMap((photo) => {
      const ending = endingOf(photo);
      return ending ? [[photo.id, ending] as const] : [];
    }),
  );
}

/** `news` and what has ended since `before`. */
export function newsSince(before: Endings, photos: readonly Photo[], news: News): News {
  const newly = (wanted: Ending) =>
    photos
      .filter((photo) => endingOf(photo) === wanted && before.get(photo.id) !== wanted)
      .map(({ filename }) => filename);
  const [done, failed] = [newly('done'), newly('failed')];
  if (done.length === 0 && failed.length === 0) return news;
  return { done: [...news.done, ...done], failed: [...news.failed, ...failed] };
}
