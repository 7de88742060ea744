import { useMemo } from 'react';
import type { PreviewPhoto } from '../mark/useMark';
import type { Board } from '../photos/board';
import type { Photo } from '../photos/photo';

/** The photo to show the mark on: the first that waits for the user, else the last that can be shown. */
export function usePreviewPhoto(board: Board, photos: readonly Photo[]): PreviewPhoto | null {
  const photo = photos.find(({ stage }) => stage.at === 'chosen') ?? photos.findLast(canBeShown);
  const file = photo ? board.file(photo.id) : null;
  const size = photo?.size ?? null;
  return useMemo(() => file && { file, size }, [file, size]);
}

function canBeShown({ stage, thumbnailUrl }: Photo): boolean {
  return stage.at !== 'refused' && thumbnailUrl !== null;
}
