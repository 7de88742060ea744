import { useCallback, useEffect, useRef } from 'react';
import { Access } from './access/Access';
import './app.css';
import { FleetStrip } from './fleet/FleetStrip';
import { BeginBar } from './frame/BeginBar';
import { Header } from './frame/Header';
import { useIsEmpty } from './frame/useIsEmpty';
import { usePreviewPhoto } from './frame/usePreviewPhoto';
import { DropArea } from './list/DropArea';
import { PhotoList } from './list/PhotoList';
import { MarkEditor } from './mark/MarkEditor';
import { useMark } from './mark/useMark';
import { PHOTOS_MAX } from './photos/board';
import { useBoard } from './photos/useBoard';

/** The whole page: photos on one side, their mark on the other, and the fleet above both. */
export function App() {
  const { board, state } = useBoard();
  const { photos, limits } = state;
  const isEmpty = useIsEmpty(state);
  const preview = usePreviewPhoto(board, photos);
  const editing = useMark(preview, limits);
  const list = useRef<HTMLDivElement>(null);
  const begin = () => {
    board.start(editing.order);
    // The button goes with the last photo that waited for it; what happens now is in the list.
    list.current?.focus({ preventScroll: true });
    if (list.current && isOutOfSight(list.current)) list.current.scrollIntoView();
  };
  const retry = useLatest((id: string) => board.retry(id, editing.order));
  return (
    <>
      <Header />
      <Access />
      <FleetStrip />
      <main className="work">
        <div className="work-drop">
          <DropArea
            onFiles={(files) => board.add(files)}
            limits={limits}
            full={photos.length >= PHOTOS_MAX}
            large={isEmpty}
          />
        </div>
        <div className="work-mark">
          <MarkEditor photo={preview} limits={limits} editing={editing} />
        </div>
        <div className="work-photos" ref={list} tabIndex={-1}>
          <PhotoList board={board} state={state} onRetry={retry} />
        </div>
      </main>
      <BeginBar photos={photos} problems={editing.problems} onBegin={begin} />
    </>
  );
}

/** Whether no more than the beginning of an element shows, at the lower edge. */
function isOutOfSight(element: Element): boolean {
  return element.getBoundingClientRect().top > window.innerHeight * 0.7;
}

/** The same function for ever, which does what the latest one would: what hangs on it need not be drawn anew. */
function useLatest<A extends unknown[]>(act: (...args: A) => void): (...args: A) => void {
  const latest = useRef(act);
  useEffect(() => {
    latest.current = act;
  });
  return useCallback((...args: A) => latest.current(...args), []);
}
