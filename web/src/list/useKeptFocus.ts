import { type FocusEvent, type RefObject, useEffect, useRef } from 'react';

/** What had the focus last, and on which of the cards; -1 where it was on none. */
interface Held {
  readonly element: HTMLElement;
  readonly place: number;
}

/**
 * Keeps the focus in the list when the button that had it goes, with its photo or because there is nothing left to do.
 *
 * Else whoever works without a mouse would begin at the top of the page again.
 */
export function useKeptFocus(list: RefObject<HTMLElement | null>) {
  const held = useRef<Held | null>(null);
  useEffect(() => {
    if (!held.current || !list.current || !isLost(held.current.element)) return;
    const heir = heirOf(list.current, held.current.place);
    held.current = null;
    heir.focus({ preventScroll: heir === list.current });
  });
  return {
    onFocus: ({ target, currentTarget }: FocusEvent<HTMLElement>) => {
      held.current = { element: target, place: placeOf(currentTarget, target) };
    },
    // Left on purpose: what becomes of it later is no reason to come back.
    onBlur: ({ target }: FocusEvent<HTMLElement>) => {
      if (isUsable(target)) held.current = null;
    },
  };
}

/** A browser takes the focus off a button that is disabled only when it next paints. */
function isLost(element: HTMLElement): boolean {
  const { activeElement, body } = document;
  return !isUsable(element) && (activeElement === body || activeElement === element);
}

function isUsable(element: HTMLElement): boolean {
  return element.isConnected && !element.matches(':disabled');
}

function cardsOf(list: HTMLElement): HTMLElement[] {
  return [...list.querySelectorAll<HTMLElement>('.photo-card')];
}

function placeOf(list: HTMLElement, element: HTMLElement): number {
  return cardsOf(list).findIndex((card) => card.contains(element));
}

/** The last thing that can be done with the photo that stands there now, else the list itself. */
function heirOf(list: HTMLElement, place: number): HTMLElement {
  const cards = cardsOf(list);
  const card = place < 0 ? undefined : (cards[place] ?? cards.at(-1));
  const buttons = card?.querySelectorAll<HTMLElement>('.photo-card-actions button') ?? [];
  return [...buttons].at(-1) ?? list;
}
