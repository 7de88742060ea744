import { useSyncExternalStore } from 'react';
import { Events, openStream } from '../api/events';
import { cancelJob } from '../api/jobs';
import { keyring } from '../api/keyring';
import { readLimits } from '../api/limits';
import { upload } from '../api/upload';
import type { Board, BoardState } from './board';
import type { Effects } from './effects';
import { openIndexedShelf } from './indexedShelf';
import { PageBoard } from './pageBoard';
import { inspect } from './precheck';
import { fewAtATime, makeThumbnail } from './thumbnails';

let only: Board | undefined;

/** The page's board, and how it stands now. */
export function useBoard(): { readonly board: Board; readonly state: BoardState } {
  const board = pageBoard();
  return { board, state: useSyncExternalStore(board.subscribe, board.snapshot) };
}

/** There is one: two would upload everything twice. */
function pageBoard(): Board {
  only ??= openBoard();
  return only;
}

/** A board that speaks to the server, the screen and the database. */
function openBoard(): Board {
  const board = new PageBoard(browserEffects());
  window.addEventListener('online', () => board.hurry());
  keyring.whenTaken(() => board.hurry());
  return board;
}

function browserEffects(): Effects {
  return {
    send: upload,
    isLocked: () => keyring.snapshot().refusal !== null,
    cancel: cancelJob,
    limits: readLimits,
    events: (listener) => new Events(openStream, listener),
    inspect,
    thumbnail: fewAtATime(makeThumbnail),
    shelf: openIndexedShelf,
    makeUrl: (blob) => URL.createObjectURL(blob),
    revokeUrl: (url) => URL.revokeObjectURL(url),
    nowMs: Date.now,
    random: Math.random,
    newId,
  };
}

/** `crypto.randomUUID` is not there on a page that came over plain HTTP from another machine. */
function newId(): string {
  return Array.from(crypto.getRandomValues(new Uint32Array(4)), (word) => word.toString(36)).join(
    '',
  );
}
