import { type KeyboardEvent, type PointerEvent, useRef, useState, type WheelEvent } from 'react';
import type { Size } from '../photos/photo';
import { CENTRED, moved, type Offset, stepOf } from './view';

/** Moves a picture that is larger than its frame: by drag, by wheel and by arrow keys. */
export function usePan(shown: Size, frame: Size, enabled: boolean) {
  const [wanted, setWanted] = useState(CENTRED);
  const dragged = useRef<Offset | null>(null);
  const canMove = enabled && (shown.width > frame.width || shown.height > frame.height);
  // The frame may have grown since.
  const offset = canMove ? moved(wanted, CENTRED, shown, frame) : CENTRED;
  const move = (by: Offset) => setWanted(moved(offset, by, shown, frame));
  const handlers = {
    onPointerDown: (event: PointerEvent<HTMLElement>) => {
      if (event.button !== 0 || isDivider(event.target)) return;
      dragged.current = { x: event.clientX, y: event.clientY };
      event.currentTarget.setPointerCapture(event.pointerId);
    },
    onPointerMove: ({ clientX: x, clientY: y }: PointerEvent) => {
      if (!dragged.current) return;
      move({ x: x - dragged.current.x, y: y - dragged.current.y });
      dragged.current = { x, y };
    },
    onPointerUp: () => {
      dragged.current = null;
    },
    onPointerCancel: () => {
      dragged.current = null;
    },
    onWheel: ({ deltaX, deltaY }: WheelEvent) => move({ x: -deltaX, y: -deltaY }),
    onKeyDown: (event: KeyboardEvent) => {
      const step = stepOf(event.key);
      if (!step || isDivider(event.target)) return;
      event.preventDefault();
      move(step);
    },
  };
  return { offset, canMove, handlers: canMove ? handlers : {} };
}

function isDivider(target: EventTarget): boolean {
  return target instanceof Element && target.closest('[role="slider"]') !== null;
}
