import { useEffect } from 'react';
import type { BoardState } from '../photos/board';
import { keep, recall } from '../ui/memory';

const STORED = 'nws.empty';

/**
 * Whether the page has no photos.
 *
 * Until the database has told it is as it was last, so that a reload does not explain the page and then move everything.
 */
export function useIsEmpty({ photos, restored }: BoardState): boolean {
  const isEmpty = restored || photos.length > 0 ? photos.length === 0 : recall(STORED) !== 'no';
  useEffect(() => {
    if (restored) keep(STORED, isEmpty ? 'yes' : 'no');
  }, [isEmpty, restored]);
  return isEmpty;
}
