import { useCallback, useRef, useState } from 'react';
import type { Board, BoardState } from '../photos/board';
import { isDone } from '../photos/photo';
import { useWords, type Words } from '../words/words';
import { Announcer } from './Announcer';
import { ListHead } from './ListHead';
import { PhotoCard } from './PhotoCard';
import './photo-list.css';
import { useCompareDialog } from './useCompareDialog';
import { useKeptFocus } from './useKeptFocus';

/** All photos of the page, what can be done with them together, and the comparison of one. */
export function PhotoList(props: {
  readonly board: Board;
  readonly state: BoardState;
  /** Sends a photo again, as the mark is now. */
  readonly onRetry: (id: string) => void;
}) {
  const { board, state } = props;
  const words = useWords(WORDS);
  const [comparedId, setComparedId] = useState<string | null>(null);
  const close = useCallback(() => setComparedId(null), []);
  const comparison = useCompareDialog(comparedId ?? state.photos.length > 0);
  const list = useRef<HTMLElement>(null);
  const keptFocus = useKeptFocus(list);
  // One whose result turns out to be gone says so in its card.
  const compared = state.photos.filter(isDone).find(({ id }) => id === comparedId);
  if (comparedId && !compared) setComparedId(null);
  return (
    <section
      ref={list}
      className="photo-list"
      aria-label={words.photos}
      tabIndex={-1}
      {...keptFocus}
    >
      {state.photos.length > 0 && <ListHead board={board} state={state} />}
      {compared && comparison === 'away' && (
        <p role="alert" className="note alarm small">
          {words.away}
        </p>
      )}
      <ul className="photo-list-cards">
        {state.photos.map((photo) => (
          <PhotoCard
            key={photo.id}
            photo={photo}
            board={board}
            paused={state.paused}
            onCompare={setComparedId}
            onRetry={props.onRetry}
          />
        ))}
      </ul>
      <Announcer photos={state.photos} />
      {compared && comparison && comparison !== 'away' && (
        <comparison.dialog photo={compared} board={board} onShow={setComparedId} onClose={close} />
      )}
    </section>
  );
}

const WORDS: Words<Readonly<Record<'photos' | 'away', string>>> = {
  en: {
    photos: 'Photos',
    away: 'The comparison could not be loaded. Reload the page; your photos stay.',
  },
  fr: {
    photos: 'Photos',
    away: 'La comparaison n’a pas pu être chargée. Rechargez la page\u202f; vos photos restent.',
  },
};
