import { useEffect, useState } from 'react';
import type { CompareDialog } from '../compare/CompareDialog';

/**
 * The comparison, which comes with the first photo and not with the page: nobody needs it earlier.
 *
 * Null until it is there. Whatever changes `wanted` asks again, so that an outage is got over.
 */
export function useCompareDialog(wanted: string | boolean | null): typeof CompareDialog | null {
  const [dialog, setDialog] = useState<{ readonly it: typeof CompareDialog } | null>(null);
  useEffect(() => {
    if (!wanted || dialog) return;
    import('../compare/CompareDialog').then(
      ({ CompareDialog }) => setDialog({ it: CompareDialog }),
      () => {},
    );
  }, [wanted, dialog]);
  return dialog?.it ?? null;
}
