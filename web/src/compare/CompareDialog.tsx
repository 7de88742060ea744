import { type KeyboardEvent, useState } from 'react';
import { DownloadLink } from '../list/DownloadLink';
import type { Board } from '../photos/board';
import { isDone, type Photo } from '../photos/photo';
import { Button, IconButton } from '../ui/controls';
import { Icon } from '../ui/icons';
import { useModal } from '../ui/useModal';
import { useWords, type Words } from '../words/words';
import './compare.css';
import { CompareFrame } from './CompareFrame';
import { Facts } from './Facts';
import type { Zoom } from './view';

interface CompareProps {
  readonly photo: Photo;
  readonly board: Board;
  /** Another photo is wanted. */
  readonly onShow: (id: string) => void;
  readonly onClose: () => void;
}

/** A result beside its original, as near as one likes to look. */
export function CompareDialog({ photo, board, onShow, onClose }: CompareProps) {
  const words = useWords(WORDS);
  const dialog = useModal();
  const [zoom, setZoom] = useState<Zoom>('fit');
  const { previous, next, place, count } = neighboursOf(photo, board);
  const show = (id: string | undefined) => id && onShow(id);
  const onKeyDown = (event: KeyboardEvent) => {
    // The slider and the moved picture have taken theirs by now.
    if (event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === 'ArrowLeft') show(previous);
    if (event.key === 'ArrowRight') show(next);
  };
  return (
    <dialog
      ref={dialog}
      className="compare"
      aria-label={words.title(photo.filename)}
      onKeyDown={onKeyDown}
      onClose={({ currentTarget }) => !currentTarget.open && onClose()}
    >
      {/* Buttons at either end stay where they are for the focus: they are not taken away from under it. */}
      <header className="compare-head">
        <h2>{photo.filename}</h2>
        <span className="compare-place small quiet figures">{words.place(place, count)}</span>
        <IconButton
          icon="previous"
          label={words.previous}
          aria-disabled={!previous}
          onClick={() => show(previous)}
        />
        <IconButton
          icon="next"
          label={words.next}
          aria-disabled={!next}
          onClick={() => show(next)}
        />
        <IconButton icon="cancel" label={words.close} onClick={onClose} />
      </header>
      <CompareFrame key={photo.id} photo={photo} zoom={zoom} onMissing={() => board.recheck()} />
      <footer className="compare-foot">
        <Facts photo={photo} />
        <div className="compare-actions">
          <Button
            icon="zoom"
            aria-pressed={zoom === 'actual'}
            onClick={() => setZoom(zoom === 'fit' ? 'actual' : 'fit')}
          >
            {words.actual}
          </Button>
          <DownloadLink photo={photo} onMissing={() => board.recheck()} className="button primary">
            <Icon name="download" />
            {words.download}
          </DownloadLink>
        </div>
      </footer>
    </dialog>
  );
}

/** Those that can be compared too, in the list's order. */
function neighboursOf(photo: Photo, board: Board) {
  const done = board.snapshot().photos.filter(isDone);
  const index = done.findIndex(({ id }) => id === photo.id);
  return {
    previous: done[index - 1]?.id,
    next: done[index + 1]?.id,
    place: index + 1,
    count: done.length,
  };
}

interface Said {
  readonly title: (filename: string) => string;
  readonly place: (place: number, count: number) => string;
  readonly previous: string;
  readonly next: string;
  readonly close: string;
  readonly actual: string;
  readonly download: string;
}

const WORDS: Words<Said> = {
  en: {
    title: (filename) => `${filename}, before and after`,
    place: (place, count) => `${place} of ${count}`,
    previous: 'Previous photo',
    next: 'Next photo',
    close: 'Close',
    actual: '100 %',
    download: 'Download',
  },
  fr: {
    title: (filename) => `${filename}, avant et après`,
    place: (place, count) => `${place} sur ${count}`,
    previous: 'Photo précédente',
    next: 'Photo suivante',
    close: 'Fermer',
    actual: '100 %',
    download: 'Télécharger',
  },
};
