import { useLayoutEffect, useRef } from 'react';

/** Opened at once and closed before it leaves the page, which gives the focus back to where it came from. */
export function useModal() {
  const dialog = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => {
    const { current } = dialog;
    current?.showModal();
    return () => current?.close();
  }, []);
  return dialog;
}
