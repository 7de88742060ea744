import { useEffect, useState } from 'react';
import type { CompareDialog } from '../compare/CompareDialog';

/** The comparison; `away` where it could not be fetched, null until it was. */
type Fetched = { readonly dialog: typeof CompareDialog } | 'away' | null;

/**
 * The comparison, which comes with the first photo and not with the page: nobody needs it earlier.
 *
 * Whatever changes `wanted` asks again, so that an outage is got over.
 */
export function useCompareDialog(wanted: string | boolean | null): Fetched {
  const [fetched, setFetched] = useState<Fetched>(null);
  const isThere = fetched !== null && fetched !== 'away';
  useEffect(() => {
    if (!wanted || isThere) return;
    import('../compare/CompareDialog').then(
      ({ CompareDialog: dialog }) => setFetched({ dialog }),
      () => setFetched('away'),
    );
  }, [wanted, isThere]);
  return fetched;
}
