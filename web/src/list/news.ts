import type { Photo } from '../photos/photo';
import { type Ending, endingOf } from '../photos/stages';

/** Endings that were not spoken of yet, in the order in which they came. */
export type News = Readonly<Record<'done' | 'failed', readonly string[]>>;

export const NO_NEWS: News = { done: [], failed: [] };

/** How each photo had ended when it was looked at; null for those that had not. */
type Endings = ReadonlyMap<string, Ending | null>;

export function endingsOf(photos: readonly Photo[]): Endings {
  return new Map(photos.map((photo) => [photo.id, endingOf(photo)]));
}

/** `news` and what has ended since `before`. */
export function newsSince(before: Endings, photos: readonly Photo[], news: News): News {
  const newly = (wanted: Ending) =>
    photos
      .filter((photo) => endingOf(photo) === wanted && isNews(before, photo, wanted))
      .map(({ filename }) => filename);
  const [done, failed] = [newly('done'), newly('failed')];
  if (done.length === 0 && failed.length === 0) return news;
  return { done: [...news.done, ...done], failed: [...news.failed, ...failed] };
}

/** What comes onto the page with its end was kept from an earlier visit, unless the page refused it just now. */
function isNews(before: Endings, { id, stage }: Photo, ending: Ending): boolean {
  const known = before.get(id);
  return known === undefined ? stage.at === 'refused' : known !== ending;
}
