import { useEffect, useState } from 'react';

/** A part of the page that comes when it is wanted; `away` where it could not be fetched, null until it was. */
export type Later<T> = T | 'away' | null;

/** Whatever changes `wanted` asks again, so that an outage is got over. `load` is the same function each time. */
export function useLater<T extends object>(
  wanted: string | boolean | null,
  load: () => Promise<T>,
): Later<T> {
  const [fetched, setFetched] = useState<Later<T>>(null);
  const isThere = fetched !== null && fetched !== 'away';
  useEffect(() => {
    if (wanted && !isThere) load().then(setFetched, () => setFetched('away'));
  }, [wanted, isThere, load]);
  return fetched;
}
